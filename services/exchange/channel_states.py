"""A channel is switched off and on again, or gets another address for its webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, func, select, update

from extensions import db
from models import Case, Channel, InboxItem, OutboxItem
from services import audit, clock
from services.uow import lock_channel, lock_in_order, ring_after_commit, unit_of_work

from . import breaker, channels, owing
from .channels import CONNECTED, OFF
from .inbox import IS_PENDING
from .standing import AWAITING

# The sweep rings for the others.
_MOST_RINGS = 500
_QUIETLY = {"synchronize_session": False}


@dataclass(frozen=True)
class Waiting:
    """What of a channel is not done: deliveries to apply, calls to make, chats that are active."""

    deliveries: int
    answers: int
    chats: int


def waiting(channel_id: int) -> Waiting:
    """What of a channel is not done."""
    pending = (InboxItem.channel_id == channel_id, IS_PENDING)
    owed = (OutboxItem.channel_id == channel_id, OutboxItem.settled_at.is_(None), OutboxItem.state != AWAITING)
    return Waiting(
        deliveries=_count(select(func.count(InboxItem.id)).where(*pending)),
        answers=_count(select(func.count(OutboxItem.id)).where(*owed)),
        chats=_count(select(func.count(Case.id)).where(Case.channel_id == channel_id, Case.active)),
    )


def switch_off(channel_id: int) -> None:
    """From now on what comes in is kept and what is owed waits, until the channel is switched on."""
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.state != OFF:
            _note(channel, OFF)
            channel.state, channel.state_reason = OFF, ""


def switch_on(channel_id: int) -> None:
    """Apply what has come in meanwhile and send what was owed, each conversation in its order."""
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.state != OFF or channel.disconnected_at is not None:
            return
        _note(channel, CONNECTED)
        channel.state, channel.state_reason = CONNECTED, ""
        channel.failures, channel.paused_until = 0, None
        breaker.hurry(channel_id)
        _wait_for_echoes(channel_id)
        pending = (InboxItem.channel_id == channel_id, IS_PENDING)
        _ring("inbound", select(InboxItem.stream).where(*pending))
        ring_for_owed(channel_id)


def renew_address(channel_id: int) -> None:
    """Give its webhooks another address; what comes to the old one from now on is refused."""
    with unit_of_work():
        channel = lock_channel(channel_id, readdress=True)
        if channel.disconnected_at is None:
            channels.give_address(channel)


def ring_for_owed(channel_id: int) -> None:
    """Have what is owed looked at soon. Part of a unit of work."""
    owed = (OutboxItem.channel_id == channel_id, OutboxItem.settled_at.is_(None))
    _ring("outbound", select(OutboxItem.stream).where(*owed))


def _wait_for_echoes(channel_id: int) -> None:
    """They may be among what has come in and is applied only now."""
    awaited = (OutboxItem.channel_id == channel_id, OutboxItem.settled_at.is_(None), OutboxItem.state == AWAITING)
    lock_in_order(OutboxItem, *awaited)
    until = clock.now() + owing.PATIENCE
    db.session().execute(update(OutboxItem).where(*awaited).values(next_at=until), execution_options=_QUIETLY)


def _ring(queue: str, streams: Select[str]) -> None:
    for stream in db.session().scalars(streams.distinct().limit(_MOST_RINGS)):
        ring_after_commit(queue, stream)


def _note(channel: Channel, state: str) -> None:
    """A state that changes by itself is not written down, one that somebody chose is."""
    audit.note("channel", channel.id, channel.name, "state", channel.state, state)


def _count(query: Select[int]) -> int:
    return db.session().scalar(query) or 0
