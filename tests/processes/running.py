"""Starts the tiny desk in a process of its own and looks at what is left of it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from time import monotonic

import psutil

from processes.redis_server import BINARIES

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("tiny_desk.py")


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether the condition holds within so many seconds; looked at every 20 ms."""
    deadline, tick = monotonic() + seconds, threading.Event()
    while not (holds := bool(condition())) and monotonic() < deadline:
        tick.wait(0.02)
    return holds


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Desk:
    """A running tiny desk."""

    process: subprocess.Popen[bytes]
    folder: Path
    environ: dict[str, str]

    def stderr(self) -> str:
        """What it wrote to standard error so far."""
        return (self.folder / "stderr").read_text()

    def journal(self) -> list[str]:
        """What its processes noted so far."""
        path = self.folder / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def is_up(self) -> bool:
        """Whether it has said that it is running and all processes were announced."""
        return "announced" in self.journal()

    def processes(self) -> list[psutil.Process]:
        """The parent and all its descendants at this moment."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def find(self, name: str) -> psutil.Process | None:
        """The first child with this name."""
        children = psutil.Process(self.process.pid).children()
        return next((child for child in children if command(child) == name), None)

    def stop(self, number: int) -> int:
        """Send the parent a signal and wait for its exit status."""
        self.process.send_signal(number)
        return self.process.wait(30)


def command(process: psutil.Process) -> str:
    """The role of a process, by the name it gave itself; empty when it is gone."""
    try:
        name = Path(f"/proc/{process.pid}/comm").read_text().strip()
    except OSError:
        return ""
    return "redis" if name in BINARIES else name


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of these processes is alive any more."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def launch(folder: Path, **environ: str) -> Desk:
    """Start a tiny desk with its data, journal and log in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {"DATA_DIR": str(folder / "data"), "PORT": str(free_port()), "WS_CAP": "10", **environ}
    given |= {"JOURNAL": str(folder / "journal"), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    given["TMPDIR"] = gettempdir()
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen([sys.executable, PROGRAM], env=given, stderr=stderr, cwd=folder)
    return Desk(process, folder, given)


@contextmanager
def tiny_desk(folder: Path, **environ: str) -> Iterator[Desk]:
    """A tiny desk that is up; whatever the test leaves of it is killed."""
    desk = launch(folder, **environ)
    seen: list[psutil.Process] = []
    try:
        assert eventually(desk.is_up), desk.stderr()
        seen = desk.processes()
        yield desk
        if desk.process.poll() is None:
            seen += desk.processes()
    finally:
        for process in seen:
            if process.is_running():
                process.kill()
        desk.process.kill()
        desk.process.wait()
