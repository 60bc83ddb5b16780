"""Starts workers in processes of their own and looks at what they have noted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from config import Settings
from tests.processes.running import ROOT, eventually


@dataclass
class Worker:
    """A running worker."""

    process: subprocess.Popen[bytes]
    journal: Path

    def noted(self, line: str) -> bool:
        """Whether it has noted this line."""
        return line in self.notes()

    def notes(self) -> list[str]:
        """What it has noted so far."""
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def suspend(self) -> None:
        """Jam it."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


def environ_of(settings: Settings) -> dict[str, str]:
    """The environment of a further process of this desk."""
    given = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "CHATRA_API_URL": settings.chatra_api_url,
    }
    return given | {"PATH": os.environ["PATH"], "TMPDIR": gettempdir(), "PYTHONWARNINGS": "error"}


def launch(settings: Settings, name: str, fault: str = "") -> Worker:
    """Start a worker of a kind, "local" or "vendor", without waiting for it."""
    started = len(list(settings.data_dir.glob("worker *")))
    journal, stderr = (settings.data_dir / f"worker {started} {what}" for what in ("journal", "stderr"))
    given = environ_of(settings) | {"JOURNAL": str(journal), "FAULT": fault}
    with stderr.open("wb") as errors:
        command = [sys.executable, "-m", "tests.jobs.worker_process", name]
        return Worker(subprocess.Popen(command, env=given, stderr=errors, cwd=ROOT), journal)


@contextmanager
def working(settings: Settings, name: str, fault: str = "") -> Iterator[Worker]:
    """A worker that has begun to work; nothing of it is left afterwards."""
    worker = launch(settings, name, fault)
    try:
        assert eventually(lambda: worker.noted("works")), worker.journal.with_suffix("").name
        yield worker
    finally:
        worker.kill()
