"""Retention: how long the raw trail of deliveries is kept. Messages and events stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from models import InboxItem, OutboxItem

from . import clock
from .uow import unit_of_work

KEEP = timedelta(days=30)


def retire() -> None:
    """Delete applied deliveries and settled outbox items older than a month."""
    limit = clock.now() - KEEP
    with unit_of_work() as session:
        session.execute(delete(InboxItem).where(InboxItem.done_at < limit))
        session.execute(delete(OutboxItem).where(OutboxItem.settled_at < limit))
