"""A whole desk of tiny processes: the real supervisor, Redis and gunicorn around an application of four lines.

Run as a program by the tests. Every process notes in the file JOURNAL when it stops; FAULT picks something that goes
wrong.
"""

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from flask import Flask

from config import Settings
from processes import redis_server, web
from processes.crew import Role
from processes.supervise import up


def note(line: str) -> None:
    """Append a line to the journal; safe between processes."""
    with Path(os.environ["JOURNAL"]).open("a") as file:
        file.write(line + "\n")


class Hub:
    """Stands for the hub that closes sockets."""

    def stop(self) -> None:
        """Note that the sockets were told."""
        note("sockets told")


def tiny_app() -> Flask:
    """An application that answers and has a hub."""
    app = Flask("tiny")
    app.extensions["hub"] = Hub()
    return app


def wait_for_sigterm(name: str, settings: Settings) -> None:
    """A worker without work: notes at its end whether Redis was still there."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    note(f"{name} started")
    signal.sigwait({signal.SIGTERM})
    note(f"{name} stopped, redis {'up' if redis_server.answers(settings) else 'gone'}")


def ignore_sigterm() -> None:
    """A worker that hangs."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("stubborn worker started")
    while True:
        signal.pause()


def serve(settings: Settings) -> None:
    """The real web process."""
    try:
        web.run(tiny_app(), settings)
    finally:
        note("web process left")


def fail() -> None:
    """A process that cannot do its work."""
    sys.exit(3)


def main() -> None:
    """Run the tiny desk until it is stopped."""
    settings = Settings.from_environ(os.environ)
    fault = os.environ.get("FAULT")
    roles = [
        Role("web", partial(serve, settings), stage=1, ready=partial(web.answers, settings)),
        Role("worker", partial(wait_for_sigterm, "worker", settings), count=2, stage=2),
        Role("scheduler", partial(wait_for_sigterm, "scheduler", settings), stage=3),
    ]
    if fault == "stubborn":
        roles.append(Role("stubborn", ignore_sigterm, stage=2))
    if fault == "dies":
        roles.append(Role("dying", fail, stage=2))
    if fault == "threads":
        threading.Thread(target=threading.Event().wait, name="eager", daemon=True).start()
    up(
        settings,
        roles=roles,
        preload=partial(web.refuse_busy_address, settings),
        migrate=fail if fault == "migration" else partial(note, "migrated"),
        announce=partial(note, "announced"),
    )


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
