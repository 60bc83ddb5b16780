"""The locks in a data directory: one desk at a time, and one of those who do the same thing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from io import TextIOWrapper
from pathlib import Path
from time import monotonic, sleep

import click

LEFTOVER_SECONDS = 20.0
# A process that was killed may still be seen for a moment.
DYING_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.1


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`.

    All children inherit the lock, Redis included: it is free when the last process of a desk is gone. Where the
    parent was killed and its children are still stopping, waits for them. Raises click.ClickException otherwise.
    """
    with _open(path) as file:
        os.set_inheritable(file.fileno(), True)
        _acquire(file, path)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, after whoever holds it now; a lock ends with its process."""
    with _open(path) as file:
        flock(file, LOCK_EX)
        yield


def _open(path: Path) -> TextIOWrapper:
    try:
        return path.open("a+")
    except OSError as error:
        raise click.ClickException(f"{path} cannot be opened: {error.strerror}.") from error


def _acquire(file: TextIOWrapper, path: Path) -> None:
    began = monotonic()
    while not _try(file):
        holder, waited = _holder(file), monotonic() - began
        if waited > (DYING_SECONDS if _alive(holder) else LEFTOVER_SECONDS):
            raise click.ClickException(f"A desk is running on this data directory already (process {holder}, {path}).")
        sleep(LOOK_AGAIN_SECONDS)


def _try(file: TextIOWrapper) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: TextIOWrapper) -> int:
    """The process that wrote its id last; 0 where it has not done so yet."""
    file.seek(0)
    text = file.read().strip()
    return int(text) if text.isdecimal() else 0


def _alive(pid: int) -> bool:
    """Whether this process runs; one that has ended and waits to be noticed by its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
