"""Forked processes that do not outlive the one that forked them."""

import ctypes
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context

import click

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

_libc = ctypes.CDLL(None, use_errno=True)


def fork(name: str, run: Callable[[], None]) -> int:
    """Run `run` in a child of its own process group and return the child's id.

    The child gets SIGTERM when this process dies, is called `name` in `ps` (15 characters), and ends with status 0
    when `run` returns, 1 when it raises (after a traceback, or one line for a click.ClickException), or what it hands
    to `sys.exit`.
    Call it only from a process without other threads.
    """
    parent = os.getpid()
    _flush()
    pid = os.fork()
    if pid:
        # Both sides set the group, so that it exists whichever of them comes first.
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)
        return pid
    status = 1
    try:
        status = _live(name, parent, run)
    finally:
        # Not sys.exit: what the parent registered to run at its own end is none of the child's business.
        os._exit(status)


def die_with_parent(parent: int) -> None:
    """Ask the kernel to send SIGTERM when `parent` (a process id) dies; exits at once if it is dead already."""
    _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        os._exit(1)


def describe(status: int) -> str:
    """What a wait status means, in words for a log line."""
    if os.WIFSIGNALED(status):
        return f"was killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with status {os.WEXITSTATUS(status)}"


def _live(name: str, parent: int, run: Callable[[], None]) -> int:
    try:
        os.setpgid(0, 0)
        _libc.prctl(PR_SET_NAME, name.encode())
        _default_signals()
        die_with_parent(parent)
        gc.enable()
        Context().run(run)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except click.ClickException as refusal:
        click.echo(f"deskbell: {refusal.format_message()}", err=True)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        _flush()
    return 0


def _default_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
