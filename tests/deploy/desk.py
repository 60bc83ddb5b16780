"""A whole desk, made for an address on https, as its operator starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import databases
from tests.processes.running import ROOT, eventually

_LINK = re.compile(r"first administrator at (\S+)")
START_SECONDS = STOP_SECONDS = 60


@contextmanager
def running_desk(folder: Path, **environ: str) -> Iterator[str]:
    """Run a fresh desk as long as the block lasts; yields the link that makes the first administrator."""
    with databases.empty(folder / "data") as database, (folder / "log").open("w+") as log:
        given = {**os.environ, "DATA_DIR": str(folder / "data"), **database, **environ}
        process = subprocess.Popen([sys.executable, "-m", "flask", "up"], env=given, cwd=ROOT, stderr=log)
        try:
            assert eventually(lambda: _link(folder) or process.poll() is not None, START_SECONDS)
            link = _link(folder)
            assert link, (folder / "log").read_text()
            yield link
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _link(folder: Path) -> str:
    found = _LINK.search((folder / "log").read_text())
    return found.group(1) if found else ""
