"""The inbox: a delivery is stored before it is acknowledged and applied once, in its conversation's order."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import literal, select

from channels.base import (
    Adapter,
    CustomerUpdate,
    Delivery,
    Echo,
    Fetch,
    Inbound,
    IncomingMessage,
    Rejected,
)
from extensions import db
from models import Channel, InboxItem
from models.base import public_id

from . import chats, clock, outbox
from .errors import InvalidInput
from .uow import insert_if_new, lock_stream, ring_after_commit, unit_of_work

PENDING, DONE, ASIDE = "pending", "done", "aside"
MOST_ATTEMPTS = 3
_STALE = timedelta(seconds=10)
_HEARD_EVERY = timedelta(minutes=1)
# Written into the statement: with a bound value SQLite cannot see that the partial indexes fit.
_IS_PENDING = InboxItem.state == literal(PENDING, literal_execute=True)
_IS_ASIDE = InboxItem.state == literal(ASIDE, literal_execute=True)


def accept(channel: Channel, adapter: Adapter, delivery: Delivery) -> bool:
    """Store a delivery and ring its stream; a second one with the same key changes nothing.

    What the adapter does not understand is stored too, set aside with the reason. Tells whether it was new.
    """
    state, reason, conversation, key = PENDING, "", "", delivery.nonce
    try:
        adapter.verify(delivery)
        conversation, key = adapter.conversation(delivery), adapter.key(delivery)
    except Rejected as error:
        state, reason = ASIDE, str(error)[:500]
    stream = chats.stream_of(channel, conversation)
    with unit_of_work() as session:
        values = {
            "channel_id": channel.id,
            "stream": stream,
            "key": key,
            "fetched": delivery.fetched,
            "body": delivery.raw,
            "state": state,
            "reason": reason,
            "attempts": 0,
            "received_at": clock.now(),
        }
        is_new = insert_if_new(InboxItem, values)
        _note_sign_of_life(session.get_one(Channel, channel.id))
        if is_new and state == PENDING:
            ring_after_commit("inbound", stream)
        return is_new


def _note_sign_of_life(channel: Channel) -> None:
    """Once a minute is enough, and every webhook would otherwise wait for the same row."""
    now = clock.now()
    if channel.heard_at is None or now - channel.heard_at > _HEARD_EVERY:
        channel.heard_at = now


def stale_streams() -> list[str]:
    """Streams with deliveries that have waited so long that their doorbell must have been lost."""
    query = (
        select(InboxItem.stream).where(_IS_PENDING, InboxItem.received_at < clock.now() - _STALE).distinct().limit(500)
    )
    return list(db.session().scalars(query))


def next_pending(stream: str) -> InboxItem | None:
    """The oldest delivery of the stream that has not been applied."""
    query = select(InboxItem).where(InboxItem.stream == stream, _IS_PENDING)
    return db.session().scalar(query.order_by(InboxItem.id).limit(1))


def apply_next(stream: str, adapter: Adapter) -> list[Fetch] | None:
    """Apply the stream's oldest delivery, all of it or nothing, in one unit of work.

    Returns the calls that the channel now wants to be made, or None when nothing was pending. A delivery that
    makes no sense is set aside, so that those behind it pass.
    """
    with unit_of_work():
        lock_stream(stream)
        item = next_pending(stream)
        if item is None:
            return None
        wanted: list[Fetch] = []
        try:
            delivery = _delivery(item)
            adapter.verify(delivery)
            for inbound in adapter.parse(delivery):
                wanted += _apply(item, inbound)
        except (Rejected, InvalidInput) as error:
            _set_aside(item, str(error))
        else:
            item.state, item.done_at = DONE, clock.now()
        return wanted


def fail_next(stream: str, reason: str) -> bool:
    """Count a failure of the stream's oldest delivery; after the third it is set aside.

    Tells whether it was, so that those behind it may pass.
    """
    with unit_of_work():
        lock_stream(stream)
        item = next_pending(stream)
        if item is None:
            return True
        item.attempts += 1
        if item.attempts < MOST_ATTEMPTS:
            return False
        _set_aside(item, reason)
        return True


def replay(channel_id: int, item_id: int) -> None:
    """Try a delivery of this channel again that was set aside."""
    with unit_of_work() as session:
        item = session.get(InboxItem, item_id)
        if item is not None and item.channel_id == channel_id and item.state == ASIDE:
            item.state, item.reason, item.attempts = PENDING, "", 0
            ring_after_commit("inbound", item.stream)


def set_aside(channel_id: int) -> list[InboxItem]:
    """What this channel sent and we could not use, newest first."""
    query = select(InboxItem).where(InboxItem.channel_id == channel_id, _IS_ASIDE)
    return list(db.session().scalars(query.order_by(InboxItem.id.desc()).limit(50)))


def _apply(item: InboxItem, inbound: Inbound) -> list[Fetch]:
    channel = db.session().get_one(Channel, item.channel_id)
    match inbound:
        case IncomingMessage():
            if inbound.text.strip():
                chats.receive(channel, inbound)
        case Echo():
            outbox.confirm(channel.id, item.stream, inbound.external_id, inbound.text)
        case CustomerUpdate():
            chats.update_customer(channel, inbound)
        case Fetch():
            return [inbound]
    return []


def _delivery(item: InboxItem) -> Delivery:
    return Delivery(raw=item.body, body=json.loads(item.body), nonce=f"inbox {item.id}", fetched=item.fetched)


def _set_aside(item: InboxItem, reason: str) -> None:
    item.state, item.reason = ASIDE, reason[:500]


def new_nonce() -> str:
    """A key for a delivery that brought none."""
    return public_id()
