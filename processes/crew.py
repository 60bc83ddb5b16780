"""A crew: the processes of a running desk, each brought back when it dies, all stopped in order."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from time import monotonic
from types import TracebackType
from typing import Self

import click

from processes.process import STOP_SIGNALS, describe, fork

GRACE_SECONDS = 15.0
HURRIED_GRACE_SECONDS = 1.0
FIRST_DELAY_SECONDS = 0.25
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.05
LONG_WAIT_SECONDS = 3600.0

_WATCHED = STOP_SIGNALS | {signal.SIGCHLD}


class Stopped(Exception):
    """Somebody asked the desk to stop."""


@dataclass(frozen=True)
class Role:
    """What one kind of process does: `run` blocks until SIGTERM; lower stages stop first; `ready` tells it is up."""

    name: str
    run: Callable[[], None]
    count: int = 1
    stage: int = 0
    ready: Callable[[], bool] | None = None


@dataclass
class _Child:
    role: Role
    lasting: bool = True
    pid: int | None = None
    started: float = 0.0
    due: float | None = None
    failures: int = 0
    status: int = 0

    def start(self) -> None:
        self.due, self.started = None, monotonic()
        self.pid = fork(self.role.name, self.role.run)

    def terminate(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the child and whatever it forked, such as gunicorn's worker."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def bury(self, status: int) -> None:
        self.kill()
        self.pid, self.status = None, status

    def delay(self) -> float:
        """Seconds until it is started again: more each time it dies young."""
        self.failures = self.failures + 1 if monotonic() - self.started < STEADY_SECONDS else 0
        return min(FIRST_DELAY_SECONDS * 2.0**self.failures, LONGEST_DELAY_SECONDS)


class Crew:
    """Starts, watches and stops children; a context manager that leaves none of them behind.

    Inside, signals are taken one at a time where the crew waits: SIGTERM, SIGINT and SIGHUP raise Stopped there.
    """

    def __init__(self) -> None:
        self._children: list[_Child] = []
        self._stopping = False
        self._grace = GRACE_SECONDS
        self._mask: set[int] = set()

    def __enter__(self) -> Self:
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()
        while signal.sigtimedwait(_WATCHED, 0):
            """What came too late must not end us after all."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def start(self, role: Role) -> None:
        """Start all processes of a role and keep them running from now on."""
        for _ in range(role.count):
            child = _Child(role)
            self._children.append(child)
            child.start()

    def run_once(self, name: str, run: Callable[[], None]) -> bool:
        """Run `run` in a child of its own and wait for it; True when it ended well. Raises Stopped."""
        child = _Child(Role(name, run), lasting=False)
        child.start()
        self._children.append(child)
        while child.pid is not None:
            self._turn(LONG_WAIT_SECONDS)
        self._children.remove(child)
        return child.status == 0

    def wait_until(self, condition: Callable[[], bool], seconds: float = inf) -> bool:
        """Look until the condition holds, for so many seconds at most; returns whether it does. Raises Stopped."""
        deadline = monotonic() + seconds
        while not (holds := condition()) and monotonic() < deadline:
            self._turn(LOOK_AGAIN_SECONDS)
        return holds

    def running(self, role: Role) -> bool:
        """Whether all processes of this role run at present."""
        return all(child.pid is not None for child in self._children if child.role is role)

    def watch(self) -> None:
        """Bring back whoever dies, until Stopped is raised."""
        while True:
            self._turn(LONG_WAIT_SECONDS)

    def stop(self) -> None:
        """Stop stage after stage: SIGTERM, then SIGKILL to those that take too long; a second signal hurries."""
        self._stopping = True
        for stage in sorted({child.role.stage for child in self._children}):
            self._stop_all([child for child in self._children if child.role.stage == stage])

    def _stop_all(self, children: list[_Child]) -> None:
        for child in children:
            child.terminate()
        asked = monotonic()
        while any(child.pid for child in children) and (left := asked + self._grace - monotonic()) > 0:
            self._pause_stopping(left)
        for child in children:
            if child.pid is not None:
                log(f"{child.role.name} does not stop by itself; killing it")
            child.kill()
        while any(child.pid for child in children):
            self._pause_stopping(LONG_WAIT_SECONDS)

    def _pause_stopping(self, seconds: float) -> None:
        try:
            self._pause(seconds)
        except Stopped:
            self._grace = HURRIED_GRACE_SECONDS

    def _turn(self, seconds: float) -> None:
        now = monotonic()
        for child in self._children:
            if child.due is not None and child.due <= now:
                child.start()
        waits = [child.due - now for child in self._children if child.due is not None]
        self._pause(min([seconds, *waits]))

    def _pause(self, seconds: float) -> None:
        """Wait for a signal, so many seconds at most, and reap the dead. Raises Stopped."""
        received = signal.sigtimedwait(_WATCHED, seconds)
        self._reap()
        if received is not None and received.si_signo in STOP_SIGNALS:
            raise Stopped

    def _reap(self) -> None:
        by_pid = {child.pid: child for child in self._children}
        for pid, status in _dead_children():
            if child := by_pid.get(pid):
                child.bury(status)
                if child.lasting and not self._stopping:
                    self._plan_return(child)

    def _plan_return(self, child: _Child) -> None:
        delay = child.delay()
        child.due = monotonic() + delay
        log(f"{child.role.name} {describe(child.status)}; it is started again in {delay:g} s")


def log(line: str) -> None:
    """One line on standard error, in the style of all lines that the supervisor writes."""
    with suppress(OSError):
        click.echo(f"deskbell: {line}", err=True)


def _dead_children() -> Iterator[tuple[int, int]]:
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            yield found
