"""Where a message stands in its thread: by the time it was said, then by arrival."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from extensions import db
from models import Case, Message
from services.clock import milliseconds

SLOTS = 1000
OLDEST = timedelta(days=30)


def credible(said_at: datetime | None, arrived_at: datetime) -> datetime:
    """The vendor's time, unless it lies in the future or absurdly far back: then the time of arrival."""
    if said_at is None or said_at > arrived_at or arrived_at - said_at > OLDEST:
        return arrived_at
    return said_at


def of_arrival(case: Case, arrived_at: datetime) -> int:
    """A position behind everything that the case holds, even if the clock was set back."""
    last = db.session().scalar(select(func.max(Message.position)).where(Message.case_id == case.id))
    return max(milliseconds(arrived_at) * SLOTS, (last or 0) + 1)


def of_time(case: Case, said_at: datetime) -> int:
    """A position at that moment, behind what was said in the same millisecond."""
    first = milliseconds(said_at) * SLOTS
    same_moment = (Message.case_id == case.id, Message.position >= first, Message.position < first + SLOTS)
    last = db.session().scalar(select(func.max(Message.position)).where(*same_moment))
    return first if last is None else last + 1
