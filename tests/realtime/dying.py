"""A process that is killed between its commit and its push: `python -m tests.realtime.dying VISITOR TEXT`."""

from __future__ import annotations

import os
import signal
import sys

from app import create_app
from config import Settings
from realtime.bus import bus
from services.conversations import chats
from tests import factories as make


def die(*_: object) -> None:
    """End at once, as by kill -9 or a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(visitor: str, text: str) -> None:
    """Take a message in, on the data that the environment names."""
    with create_app(Settings.from_environ(os.environ)).app_context():
        channel, incoming = make.website(), make.incoming(text, visitor=visitor, id=f"last words of {visitor}")
        bus.publish = die  # type: ignore[method-assign]
        chats.receive(channel, incoming)


if __name__ == "__main__":
    main(*sys.argv[1:])
