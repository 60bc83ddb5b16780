"""Which events have been shown to agents and customers: what a crash kept back is found and shown later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from extensions import db
from models import Event

from . import clock
from .uow import lock_in_order, unit_of_work

_PATIENCE = timedelta(seconds=2)
# Browsers have caught up by themselves long before; and what cannot be shown must not be tried for ever.
_TOO_LATE = timedelta(hours=1)


def kept_back() -> list[Event]:
    """Events of the last hour, at least two seconds old, that nobody has been told of."""
    now = clock.now()
    age = (Event.created_at < now - _PATIENCE, Event.created_at > now - _TOO_LATE)
    query = select(Event).where(Event.published_at.is_(None), *age)
    return list(db.session().scalars(query.order_by(Event.id).limit(500)))


def mark_published(event_ids: Sequence[int]) -> None:
    """Note that everyone concerned has been told."""
    with unit_of_work() as session:
        these = Event.id.in_(event_ids)
        lock_in_order(Event, these)
        session.execute(update(Event).where(these).values(published_at=clock.now()))
