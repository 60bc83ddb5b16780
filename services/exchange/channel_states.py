"""A channel is switched off and on again, gets another address for its webhooks, is disconnected."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, delete, func, literal, select, update

from extensions import db
from models import Case, Channel, InboxItem, OutboxItem, Presence, Status
from services import audit, clock
from services.conversations import chat_states
from services.errors import N_, InvalidInput
from services.events import SYSTEM
from services.uow import lock_case, ring_after_commit, unit_of_work

from . import breaker, channels, owing
from .channels import CONNECTED, GONE, OFF
from .inbox import ASIDE, PENDING
from .standing import AWAITING

# The sweep rings for the others.
_MOST_RINGS = 500
_QUIETLY = {"synchronize_session": False}
# Written into the statement, so that SQLite sees that the partial index fits.
_IS_PENDING = InboxItem.state == literal(PENDING, literal_execute=True)


@dataclass(frozen=True)
class Waiting:
    """What of a channel is not done: deliveries to apply, calls to make, chats that are active."""

    deliveries: int
    answers: int
    chats: int


def waiting(channel_id: int) -> Waiting:
    """What of a channel is not done."""
    pending = (InboxItem.channel_id == channel_id, _IS_PENDING)
    owed = (OutboxItem.channel_id == channel_id, OutboxItem.settled_at.is_(None), OutboxItem.state != AWAITING)
    return Waiting(
        deliveries=_count(select(func.count(InboxItem.id)).where(*pending)),
        answers=_count(select(func.count(OutboxItem.id)).where(*owed)),
        chats=_count(select(func.count(Case.id)).where(Case.channel_id == channel_id, Case.active)),
    )


def switch_off(channel_id: int) -> None:
    """From now on what comes in is kept and what is owed waits, until the channel is switched on."""
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        if channel.state != OFF:
            _note(channel, OFF)
            channel.state, channel.state_reason = OFF, ""


def switch_on(channel_id: int) -> None:
    """Apply what has come in meanwhile and send what was owed, each conversation in its order."""
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        if channel.state != OFF or channel.disconnected_at is not None:
            return
        _note(channel, CONNECTED)
        channel.state, channel.state_reason = CONNECTED, ""
        channel.failures, channel.paused_until = 0, None
        breaker.hurry(channel_id)
        _wait_for_echoes(channel_id)
        pending = (InboxItem.channel_id == channel_id, _IS_PENDING)
        _ring("inbound", select(InboxItem.stream).where(*pending))
        _ring("outbound", _owed(channel_id))


def renew_address(channel_id: int) -> None:
    """Give its webhooks another address; what comes to the old one from now on is refused."""
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        if channel.disconnected_at is None:
            channels.give_address(channel)


def disconnect(channel_id: int, status: str) -> None:
    """Erase a channel's keys and address for good; its cases stay and can be read.

    Its active chats end. What has come in and was not applied is set aside, what was not sent fails: the workers find
    that out one conversation after the other, as they are rung for.

    Args:
        channel_id: the channel.
        status: what its active chats end with.

    Raises:
        InvalidInput: no such status.
    """
    if status not in list(Status):
        raise InvalidInput("status", N_("Choose open, pending or closed."))
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        if channel.disconnected_at is None:
            _erase(channel)
    for case_id in _active_chats(channel_id):
        _end(case_id, Status(status))


def _wait_for_echoes(channel_id: int) -> None:
    """They may be among what has come in and is applied only now."""
    awaited = (OutboxItem.channel_id == channel_id, OutboxItem.state == AWAITING)
    until = clock.now() + owing.PATIENCE
    db.session().execute(update(OutboxItem).where(*awaited).values(next_at=until), execution_options=_QUIETLY)


def _erase(channel: Channel) -> None:
    channel.state, channel.state_reason, channel.disconnected_at = OFF, "", clock.now()
    channel.failures, channel.paused_until = 0, None
    channel.sealed_credentials = channel.sealed_hook_token = channel.hook_hash = None
    session = db.session()
    pending = (InboxItem.channel_id == channel.id, _IS_PENDING)
    session.execute(update(InboxItem).where(*pending).values(state=ASIDE, reason=GONE), execution_options=_QUIETLY)
    session.execute(delete(Presence).where(Presence.channel_id == channel.id), execution_options=_QUIETLY)
    breaker.hurry(channel.id)
    _ring("outbound", _owed(channel.id))


def _active_chats(channel_id: int) -> list[int]:
    return list(db.session().scalars(select(Case.id).where(Case.channel_id == channel_id, Case.active)))


def _end(case_id: int, status: Status) -> None:
    """Each in a unit of work of its own: nobody has to wait for all of them. What a crash leaves ends by silence."""
    with unit_of_work():
        case = lock_case(case_id)
        if case.active:
            chat_states.end(case, status, SYSTEM, reason="disconnected")


def _ring(queue: str, streams: Select[str]) -> None:
    for stream in db.session().scalars(streams.distinct().limit(_MOST_RINGS)):
        ring_after_commit(queue, stream)


def _owed(channel_id: int) -> Select[str]:
    return select(OutboxItem.stream).where(OutboxItem.channel_id == channel_id, OutboxItem.settled_at.is_(None))


def _note(channel: Channel, state: str) -> None:
    """A state that changes by itself is not written down, one that somebody chose is."""
    audit.note("channel", channel.id, channel.name, "state", channel.state, state)


def _count(query: Select[int]) -> int:
    return db.session().scalar(query) or 0
