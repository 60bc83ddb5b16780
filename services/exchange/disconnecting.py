"""Disconnecting a channel for good: its keys and address go at once, everything else one step after the other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import delete, select, update

from extensions import db
from models import Case, Channel, InboxItem, Presence, Status
from services import clock
from services.conversations import chat_states
from services.errors import N_, InvalidInput
from services.events import SYSTEM
from services.uow import lock_case, lock_channel, lock_in_order, ring_after_commit, unit_of_work

from . import breaker
from .channel_states import ring_for_owed
from .channels import GONE, OFF
from .inbox import ASIDE, IS_PENDING

STREAM = "disconnected:"
_QUEUE = "spare"
_SLICE = 200
# What was being stored in the moment of disconnecting is there by then.
_LATECOMERS = timedelta(minutes=1)
_QUIETLY = {"synchronize_session": False}


def disconnect(channel_id: int, status: str) -> None:
    """Erase a channel's keys and address for good; its cases stay and can be read.

    What has come in and was not applied is set aside, what was not sent fails, and its active chats end, all that soon
    and bit by bit (`steps`).

    Args:
        channel_id: the channel.
        status: what its active chats end with.

    Raises:
        InvalidInput: no such status.
    """
    if status not in list(Status):
        raise InvalidInput("status", N_("Choose open, pending or closed."))
    with unit_of_work():
        channel = lock_channel(channel_id, readdress=True)
        if channel.disconnected_at is None:
            channel.state, channel.state_reason, channel.disconnected_at = OFF, "", clock.now()
            channel.failures, channel.paused_until, channel.chats_end = 0, None, status
            channel.sealed_credentials = channel.sealed_hook_token = channel.hook_hash = None
            ring_after_commit(_QUEUE, f"{STREAM}{channel_id}")


def unfinished() -> list[str]:
    """The streams of channels that are disconnected and not done with."""
    left = select(Channel.id).where(Channel.chats_end.is_not(None)).order_by(Channel.id)
    return [f"{STREAM}{channel_id}" for channel_id in db.session().scalars(left)]


def steps(stream: str) -> Iterator[None]:
    """Do what is left of it, a unit of work with each step. Whoever takes the steps may stop and begin anew later."""
    channel_id = int(stream.removeprefix(STREAM))
    if db.session().get_one(Channel, channel_id).chats_end is None:
        return
    _let_go(channel_id)
    yield
    while _set_aside(channel_id):
        yield
    query = select(Case.id).where(Case.channel_id == channel_id, Case.active).order_by(Case.id)
    for case_id in db.session().scalars(query).all():
        _end(case_id)
        yield
    _be_done(channel_id)


def _let_go(channel_id: int) -> None:
    """Nobody has to be shown there any more, and workers find out what cannot be sent: they are rung for it."""
    with unit_of_work() as session:
        theirs = Presence.channel_id == channel_id
        lock_in_order(Presence, theirs)
        session.execute(delete(Presence).where(theirs), execution_options=_QUIETLY)
        breaker.hurry(channel_id)
        ring_for_owed(channel_id)


def _set_aside(channel_id: int) -> bool:
    """Set aside some of what was not applied; tells whether more may be left."""
    with unit_of_work() as session:
        pending = (InboxItem.channel_id == channel_id, IS_PENDING)
        ids = session.scalars(select(InboxItem.id).where(*pending).order_by(InboxItem.id).limit(_SLICE)).all()
        these = (InboxItem.id.in_(ids), *pending)
        lock_in_order(InboxItem, *these)
        session.execute(update(InboxItem).where(*these).values(state=ASIDE, reason=GONE), execution_options=_QUIETLY)
    return len(ids) == _SLICE


def _end(case_id: int) -> None:
    with unit_of_work() as session:
        case = lock_case(case_id)
        status = session.get_one(Channel, case.channel_id).chats_end
        if case.active and status is not None:
            chat_states.end(case, Status(status), SYSTEM, reason="disconnected")


def _be_done(channel_id: int) -> None:
    with unit_of_work():
        channel = lock_channel(channel_id)
        if channel.disconnected_at is not None and channel.disconnected_at < clock.now() - _LATECOMERS:
            channel.chats_end = None
