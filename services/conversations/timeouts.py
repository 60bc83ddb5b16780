"""When a silent chat ends and what becomes of it: pure decisions (product.md §2.2, C8 and C10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import Status

POSTPONEMENT = timedelta(minutes=5)


def deadline(last_message_at: datetime, minutes: int) -> datetime:
    """The moment at which a chat with this last message has been silent too long."""
    return last_message_at + timedelta(minutes=minutes)


def postponed(ends_at: datetime) -> datetime:
    """The deadline, five minutes later."""
    return ends_at + POSTPONEMENT


def status_after_silence(last_author: str) -> Status:
    """Open if the customer waits for an answer, pending if the agent does. Never closed."""
    return Status.OPEN if last_author == "customer" else Status.PENDING
