"""A PostgreSQL server for one run: made from nothing, on a socket in a folder that only its user may enter."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.processes.running import eventually

USER = "postgres"
DEBIAN = Path("/usr/lib/postgresql")
# What a crash of the machine would cost does not matter to tests.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "lock_timeout": "20s",
}
START_SECONDS = STOP_SECONDS = 60


class Cluster:
    """A server that runs until `stop`, or until this process ends."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="deskbell-postgresql-"))
        self.url = f"postgresql://{USER}@/postgres?host={self._folder}"
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER, USER)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        initdb = _command("initdb", f"--pgdata={self._folder / 'data'}", f"--username={USER}", *options)
        made = subprocess.run(initdb, cwd=self._folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        self._process = self._start()

    def stop(self) -> None:
        """End the server and remove all its data."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            shutil.rmtree(self._folder)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        place = ["-D", str(self._folder / "data"), "-k", str(self._folder)]
        log = self._folder / "log"
        with log.open("wb") as output:
            command = _command("postgres", *place, *settings)
            process = subprocess.Popen(command, cwd=self._folder, stdout=output, stderr=output)
        assert eventually(lambda: self._answers() or process.poll() is not None, START_SECONDS), log.read_text()
        assert process.poll() is None, log.read_text()
        return process

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url):
            return True
        return False


def _command(program: str, *arguments: str) -> list[str]:
    """The program of the newest version, never as root, which it refuses, and never longer than this process lives."""
    user = [f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=QUIT", "--", str(_programs() / program), *arguments]


def _programs() -> Path:
    """Where the newest installed version has its programs: Debian keeps them off the path."""
    versions = [found.parent for found in DEBIAN.glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    assert versions or on_path, "PostgreSQL is not installed: apt-get install postgresql, or set TEST_DATABASE_URL"
    return max(versions, key=lambda place: int(place.parent.name), default=Path(on_path or "").parent)
