"""A channel's circuit breaker: a vendor that keeps failing is left alone for a while, then asked once.

It is a part of the channel's row, so that every worker sees it and nothing is lost with Redis.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from extensions import db
from models import Channel, OutboxItem
from services import clock
from services.uow import lock_in_order, unit_of_work

from .channels import CONNECTED, OFF

PATIENCE = 3
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=1)
# Longer than any call may take, shorter than a lease.
_PROBE = timedelta(seconds=30)


def pause(failures: int) -> timedelta:
    """How long a channel is left alone after so many failures in a row: nothing, then 5 s, 10 s … up to a minute."""
    if failures < PATIENCE:
        return timedelta()
    doublings = min(failures - PATIENCE, 10)
    return min(_FIRST_PAUSE * 2.0**doublings, _LONGEST_PAUSE)


def not_paused() -> ColumnElement[bool]:
    """The scope of channels that may be called at present.

    One that was disconnected is among them: what it still owes is tried, and fails for good.
    """
    now = clock.now()
    waits = (or_(until.is_(None), until <= now) for until in (Channel.paused_until, Channel.quiet_until))
    return and_(not_off(), *waits)


def not_off() -> ColumnElement[bool]:
    """The scope of channels that nobody has switched off for a while."""
    return or_(Channel.state != OFF, Channel.disconnected_at.is_not(None))


def admit(channel_id: int) -> bool:
    """Whether a call may be made now. After a pause that is one call, the probe; the others wait for its outcome.

    A channel that is switched off is not called, nor is one whose vendor asked to be left alone for a while.
    """
    channel = db.session().get_one(Channel, channel_id)
    if channel.quiet_until is not None and channel.quiet_until > clock.now():
        return False
    if channel.state == OFF:
        return channel.disconnected_at is not None
    if channel.failures < PATIENCE:
        return True
    with unit_of_work() as session:
        locked = select(Channel).where(Channel.id == channel_id).with_for_update(key_share=True)
        channel = session.scalars(locked.execution_options(populate_existing=True)).one()
        if channel.paused_until is not None and channel.paused_until > clock.now():
            return False
        if channel.failures >= PATIENCE:
            channel.paused_until = clock.now() + _PROBE
        return True


def give_back(channel_id: int) -> None:
    """The call that was admitted is not made: another one may be the probe."""
    if db.session().get_one(Channel, channel_id).failures < PATIENCE:
        return
    with unit_of_work() as session:
        session.get_one(Channel, channel_id).paused_until = None


def is_failing(channel_id: int) -> bool:
    """Whether the vendor takes nothing at present, so that a failure says nothing about what was to be sent."""
    return db.session().get_one(Channel, channel_id).failures >= PATIENCE


def note_failure(channel_id: int, reason: str, retry_after: float | None = None) -> None:
    """Count a call that the vendor did not take; from the third one in a row the channel pauses, and says why.

    Args:
        channel_id: the channel.
        reason: what the vendor said.
        retry_after: seconds for which it asked to be left alone. That is about us and not about the one call, so that
            until then nothing is sent, whatever works meanwhile.
    """
    with unit_of_work() as session:
        session.execute(
            update(Channel).where(Channel.id == channel_id).values(failures=Channel.failures + 1),
            execution_options={"synchronize_session": False},
        )
        channel = session.get_one(Channel, channel_id, populate_existing=True)
        if retry_after:
            asked = clock.now() + timedelta(seconds=retry_after)
            channel.quiet_until = max(channel.quiet_until or asked, asked)
        if channel.failures >= PATIENCE:
            channel.paused_until = clock.now() + pause(channel.failures)
            channel.state_reason = reason[:500] if channel.state == CONNECTED else channel.state_reason


def note_success(channel_id: int) -> None:
    """The vendor has just taken a call: what waited for its next try may go out at once."""
    if not db.session().get_one(Channel, channel_id).failures:
        return
    with unit_of_work() as session:
        channel = session.get_one(Channel, channel_id)
        was_paused = channel.paused_until is not None
        channel.failures, channel.paused_until = 0, None
        if was_paused:
            hurry(channel_id)


def hurry(channel_id: int) -> None:
    """What waits for its next try may go out at once. Part of a unit of work."""
    waits = (OutboxItem.channel_id == channel_id, OutboxItem.state == "ready", OutboxItem.settled_at.is_(None))
    lock_in_order(OutboxItem, *waits)
    db.session().execute(update(OutboxItem).where(*waits).values(next_at=clock.now()))
