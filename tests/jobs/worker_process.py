"""A worker in a process of its own, as `flask worker` runs one, that does or suffers what FAULT says.

Run as a program by the tests. What it reaches it notes in the file JOURNAL.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import create_app
from channels.base import IncomingMessage
from channels.chatra.adapter import ChatraAdapter
from extensions import db
from jobs import worker
from models import InboxItem
from processes.commands import QUEUES
from services import retention
from services.exchange import inbox
from tests.vendors import lighthouse
from tests.vendors.lighthouse import LighthouseAdapter


def note(line: str) -> None:
    """Append a line to the journal; safe between processes."""
    with Path(os.environ["JOURNAL"]).open("a") as file:
        file.write(f"{line}\n")


def die() -> None:
    """End as a kill -9 or the kernel's want of memory would end us."""
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still() -> None:
    """Wait for the test's kill -9."""
    note("stands still")
    while True:
        signal.pause()


def before(owner: Any, name: str, what: Callable[[], None], condition: Callable[[Any], bool]) -> None:  # noqa: ANN401
    """Let something happen before a function is called with an argument that fulfils the condition."""
    whole = getattr(owner, name)

    def replaced(subject: Any, given: Any) -> Any:  # noqa: ANN401
        if condition(given):
            what()
        return whole(subject, given)

    setattr(owner, name, replaced)


def after(owner: Any, name: str, what: Callable[[], None]) -> None:  # noqa: ANN401
    """Let something happen when a function has done its work and not yet told of it."""
    whole = getattr(owner, name)

    def replaced(*given: Any) -> None:  # noqa: ANN401
        whole(*given)
        what()

    setattr(owner, name, replaced)


def tell_what_is_around(said: object) -> bool:
    """Note how many deliveries there are, and how many of them wait, while a message is being applied."""
    if not isinstance(said, IncomingMessage):
        return False
    states = list(db.session.scalars(select(InboxItem.state)))
    note(f"{len(states)} deliveries, {states.count(inbox.PENDING)} pending")
    return False


def clean_up_bit_by_bit() -> None:
    """Make the slices of a clean-up small, so that it takes as long as one of a large desk."""
    retention.SLICE = 20
    before(inbox, "_apply", stand_still, tell_what_is_around)


FAULTS: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "dies of a delivery": lambda: before(ChatraAdapter, "parse", die, lambda delivery: b"deadly" in delivery.raw),
    "stands still in a delivery": lambda: before(
        inbox, "_apply", stand_still, lambda said: getattr(said, "text", "") == "stand still"
    ),
    "cleans up bit by bit": clean_up_bit_by_bit,
    "dies before the call": lambda: before(ChatraAdapter, "perform", die, lambda item: True),
    "dies after the call": lambda: after(ChatraAdapter, "perform", die),
    "dies before it tells": lambda: before(LighthouseAdapter, "show_presence", die, lambda presence: True),
    "dies after it has told": lambda: after(LighthouseAdapter, "show_presence", die),
}


def main() -> None:
    """Work until SIGTERM."""
    lighthouse.know_it(pytest.MonkeyPatch())
    app = create_app()
    FAULTS[os.environ["FAULT"]]()
    note("works")
    worker.run(app, QUEUES[sys.argv[1]])


if __name__ == "__main__":
    main()
