"""Jobs that leave something behind and note what those before them have left."""

from __future__ import annotations

from extensions import db
from models import Group
from realtime.bus import bus

found: list[int] = []


def note_and_leave_something_unsaved() -> None:
    """Note how much unsaved there is, then add to it."""
    found.append(len(db.session.new))
    db.session.add(Group(name="left behind"))


def leave_the_database_locked() -> None:
    """Begin to write and never end."""
    db.session.connection(execution_options={"writes": True})


def note_after_writing() -> None:
    """Note that the database could be written to."""
    db.session.connection(execution_options={"writes": True})
    found.append(1)


def note_who_listens_for_commands() -> None:
    """Note on how many of RQ's own channels somebody listens."""
    found.append(len(bus.redis.pubsub_channels("rq:*")))


def fail() -> None:
    """Go wrong."""
    raise ZeroDivisionError("a job that fails")
