"""Retention: how long the raw trail of deliveries is kept. Messages and events stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, select

from models import InboxItem, OutboxItem

from . import clock
from .inbox import ASIDE
from .uow import unit_of_work

KEEP = timedelta(days=30)
KEEP_ASIDE = timedelta(days=90)
SLICE = 200


def retire() -> Iterator[None]:
    """Delete applied deliveries and settled items after a month, what could not be used after three.

    Each step is one slice in a unit of work of its own, so that nobody else has to wait for long; whoever takes the
    steps may stop after any of them and begin anew later.
    """
    now = clock.now()
    yield from _delete(InboxItem, InboxItem.done_at < now - KEEP)
    yield from _delete(InboxItem, and_(InboxItem.state == ASIDE, InboxItem.received_at < now - KEEP_ASIDE))
    yield from _delete(OutboxItem, OutboxItem.settled_at < now - KEEP)


def _delete(table: type[InboxItem | OutboxItem], is_old: ColumnElement[bool]) -> Iterator[None]:
    size = SLICE
    while size == SLICE:
        with unit_of_work() as session:
            ids = session.scalars(select(table.id).where(is_old).limit(SLICE)).all()
            session.execute(delete(table).where(table.id.in_(ids)))
        size = len(ids)
        yield
