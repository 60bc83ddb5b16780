"""The inbox: what was taken in is applied once, in its conversation's order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import literal, select

from channels.base import (
    Adapter,
    Author,
    CustomerUpdate,
    Delivery,
    Echo,
    Fetch,
    Inbound,
    IncomingMessage,
    Rejected,
    json_object,
)
from extensions import db
from models import Channel, InboxItem
from services import clock
from services.conversations import chats, customers
from services.errors import InvalidInput
from services.uow import lock_stream, ring_after_commit, unit_of_work

from . import channels, confirming

PENDING, DONE, ASIDE = "pending", "done", "aside"
MOST_ATTEMPTS = 3
# What one unit of work applies of a large delivery: others who write wait no longer than that.
SLICE = 25
_STALE = timedelta(seconds=10)
# Written into the statement: with a bound value SQLite cannot see that the partial indexes fit.
IS_PENDING = InboxItem.state == literal(PENDING, literal_execute=True)
_IS_ASIDE = InboxItem.state == literal(ASIDE, literal_execute=True)
# What comes in for a channel that is switched off waits until it is on again.
_MAY_PASS = Channel.state != literal(channels.OFF, literal_execute=True)


def stale_streams() -> list[str]:
    """Streams with deliveries that have waited so long that their doorbell must have been lost."""
    old = InboxItem.received_at < clock.now() - _STALE
    # By the channels: what has piled up at one that is off is not even looked at.
    may_pass = InboxItem.channel_id.in_(select(Channel.id).where(_MAY_PASS))
    query = select(InboxItem.stream).where(may_pass, IS_PENDING, old)
    return list(db.session().scalars(query.distinct().limit(500)))


def next_pending(stream: str) -> InboxItem | None:
    """The oldest delivery of the stream that is to be applied now; none while its channel is switched off."""
    query = select(InboxItem).join(Channel, Channel.id == InboxItem.channel_id)
    query = query.where(InboxItem.stream == stream, IS_PENDING, _MAY_PASS)
    return db.session().scalar(query.order_by(InboxItem.id).limit(1))


def apply_next(stream: str, adapter: Adapter, *, may_go_on: Callable[[], bool] = lambda: True) -> list[Fetch] | None:
    """Apply the stream's oldest delivery, a large one slice by slice, each in a unit of work of its own.

    Returns the calls that the channel now wants to be made, or None when nothing was pending. A delivery that
    makes no sense is set aside, so that those behind it pass.

    Args:
        stream: whose delivery.
        adapter: of its channel.
        may_go_on: asked between slices; what is left then stays pending and is gone on with by the next call.
    """
    found = next_pending(stream)
    if found is None:
        return None
    item_id, (said, refusal) = found.id, _read(found, adapter)
    wanted: list[Fetch] = []
    while _apply_slice(stream, item_id, said, refusal, wanted) and may_go_on():
        pass
    return wanted


def suspect(stream: str) -> int | None:
    """Count a try of the stream's oldest delivery before it is made, if it has waited long: one may have died of it.

    Returns the delivery's id. After the third such try it is set aside, so that those behind it pass.
    """
    found = next_pending(stream)
    if found is None or found.received_at >= clock.now() - _STALE:
        return None
    with unit_of_work():
        lock_stream(stream)
        item = next_pending(stream)
        if item is None:
            return None
        if item.attempts < MOST_ATTEMPTS:
            item.attempts += 1
            return item.id
        _set_aside(item, "Three workers stopped while they applied it.")
        return None


def fail_next(stream: str, reason: str, *, counted: int | None = None) -> bool:
    """Count a failure of the stream's oldest delivery; after the third it is set aside.

    Tells whether it was, so that those behind it may pass.

    Args:
        stream: whose delivery failed.
        reason: what went wrong.
        counted: the delivery whose try `suspect` has counted already.
    """
    with unit_of_work():
        lock_stream(stream)
        item = next_pending(stream)
        if item is None:
            return True
        item.attempts += item.id != counted
        if item.attempts < MOST_ATTEMPTS:
            return False
        _set_aside(item, reason)
        return True


def may_replay(item: InboxItem) -> bool:
    """Whether a delivery can be applied again: what was set aside, and what was applied.

    Words that we have are known by their ids and change nothing. What a call of ours brought is not said again once
    it was applied: it would put old data of the customer over newer.
    """
    return item.state == ASIDE or (item.state == DONE and not item.fetched)


def replay(channel_id: int, item_id: int) -> None:
    """Apply a delivery of this channel again, if that can be done."""
    with unit_of_work() as session:
        item, channel = session.get(InboxItem, item_id), session.get(Channel, channel_id)
        if item is None or channel is None or item.channel_id != channel_id or channel.disconnected_at is not None:
            return
        lock_stream(item.stream)
        session.refresh(item)
        if may_replay(item):
            item.state, item.reason, item.attempts, item.applied, item.done_at = PENDING, "", 0, 0, None
            ring_after_commit("inbound", item.stream)


def set_aside(channel_id: int) -> list[InboxItem]:
    """What this channel sent and we could not use, newest first."""
    query = select(InboxItem).where(InboxItem.channel_id == channel_id, _IS_ASIDE)
    return list(db.session().scalars(query.order_by(InboxItem.id.desc()).limit(50)))


def _read(item: InboxItem, adapter: Adapter) -> tuple[list[Inbound], str]:
    """What a delivery says, or why it says nothing. Takes its time outside of any unit of work."""
    delivery = _delivery(item)
    try:
        adapter.verify(delivery)
        return adapter.parse(delivery), ""
    except Rejected as error:
        return [], str(error)


def _apply_slice(stream: str, item_id: int, said: list[Inbound], refusal: str, wanted: list[Fetch]) -> bool:
    """Apply what comes next of a delivery, all of it or nothing; tells whether more is left."""
    with unit_of_work():
        lock_stream(stream)
        item = next_pending(stream)
        if item is None or item.id != item_id:
            return False
        if refusal:
            _set_aside(item, refusal)
            return False
        for inbound in said[item.applied : item.applied + SLICE]:
            wanted += _apply_or_note(item, inbound)
        item.applied, item.attempts = min(item.applied + SLICE, len(said)), 0
        if item.applied < len(said):
            return True
        item.state, item.done_at = (ASIDE, None) if item.reason else (DONE, clock.now())
        return False


def _apply_or_note(item: InboxItem, inbound: Inbound) -> list[Fetch]:
    """One thing that cannot be taken does not keep back what stands behind it; the delivery is set aside at its end."""
    try:
        return _apply(item, inbound)
    except InvalidInput as error:
        item.reason = str(error)[:500]
        return []


def _apply(item: InboxItem, inbound: Inbound) -> list[Fetch]:
    channel = db.session().get_one(Channel, item.channel_id)
    match inbound:
        case IncomingMessage():
            if inbound.text.strip() and not _is_ours(item, inbound):
                chats.receive(channel, inbound)
        case Echo():
            confirming.confirm(channel.id, item.stream, inbound.external_id, inbound.text, inbound.said_at)
        case CustomerUpdate():
            chats.update_customer(channel, inbound)
            customers.note_fresh(channel, inbound.customer.external_id)
        case Fetch():
            return [] if customers.is_fresh(channel, inbound.id, however_old=inbound.once) else [inbound]
    return []


def _is_ours(item: InboxItem, shown: IncomingMessage) -> bool:
    return shown.author != Author.CUSTOMER and confirming.recognise(item.stream, shown)


def _delivery(item: InboxItem) -> Delivery:
    return Delivery(raw=item.body, body=json_object(item.body), nonce=f"inbox {item.id}", fetched=item.fetched)


def _set_aside(item: InboxItem, reason: str) -> None:
    item.state, item.reason = ASIDE, reason[:500]
