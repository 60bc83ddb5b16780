"""Retention: how long the raw trail of deliveries, the audit log and the like are kept. Messages and events stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select

from models import (
    AuditEntry,
    Delivery,
    InboxItem,
    Message,
    OutboxItem,
    PushSubscription,
    SignIn,
    StatusSpan,
    Verb,
)

from . import clock
from .exchange.inbox import ASIDE
from .uow import unit_of_work

KEEP = timedelta(days=30)
KEEP_ASIDE = timedelta(days=90)
KEEP_AUDIT = timedelta(days=365)
KEEP_SIGNED_OUT = timedelta(days=90)
KEEP_UNSEEN = timedelta(days=60)
KEEP_STATUS_TIMES = timedelta(days=2 * 365)
SLICE = 200
_Aging = InboxItem | OutboxItem | AuditEntry | PushSubscription | SignIn | StatusSpan


def retire() -> Iterator[None]:
    """Delete applied deliveries and settled items after a month, what could not be used after three.

    What a message that failed still needs stays: which of its parts have arrived. So does what a late transcript could
    not be told from by the message itself: further parts, and what the vendor has shown without an id.

    Entries of the audit log go after a year, sign-ins three months after their end or two after their last use,
    times in statuses after two years.

    Each step is one slice in a unit of work of its own, so that nobody else has to wait for long; whoever takes the
    steps may stop after any of them and begin anew later.
    """
    now = clock.now()
    yield from _delete(InboxItem, InboxItem.done_at < now - KEEP)
    yield from _delete(InboxItem, and_(InboxItem.state == ASIDE, InboxItem.received_at < now - KEEP_ASIDE))
    yield from _delete(OutboxItem, and_(OutboxItem.settled_at < now - KEEP, _is_dispensable()))
    yield from _delete(AuditEntry, AuditEntry.created_at < now - KEEP_AUDIT)
    forgotten = or_(SignIn.ended_at < now - KEEP_SIGNED_OUT, SignIn.seen_at < now - KEEP_UNSEEN)
    yield from _delete(PushSubscription, PushSubscription.sign_in_id.in_(select(SignIn.id).where(forgotten)))
    yield from _delete(SignIn, forgotten)
    yield from _delete(StatusSpan, StatusSpan.ended_at < now - KEEP_STATUS_TIMES)


def _is_dispensable() -> ColumnElement[bool]:
    unfinished = select(Message.id).where(
        Message.id == OutboxItem.message_id, Message.delivery.not_in((Delivery.SENT, Delivery.NONE))
    )
    is_memory = and_(OutboxItem.verb == Verb.SEND, or_(OutboxItem.part > 0, OutboxItem.shown_as != ""))
    return and_(~is_memory, ~unfinished.exists())


def _delete(table: type[_Aging], is_old: ColumnElement[bool]) -> Iterator[None]:
    size = SLICE
    while size == SLICE:
        with unit_of_work() as session:
            ids = session.scalars(select(table.id).where(is_old).limit(SLICE)).all()
            session.execute(delete(table).where(table.id.in_(ids)))
        size = len(ids)
        yield
