"""Telling vendors of presence: one call at a time for each channel, so that none overtakes another (docs/adr/0012)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select

from channels.base import AgentData, ChannelError
from channels.base import Presence as Shown
from extensions import db
from models import Agent, Channel, Presence
from services import clock
from services.exchange import breaker
from services.uow import lock_stream, unit_of_work

from . import presence
from .presence import plan

_LEASE = timedelta(seconds=45)
_LONGEST_WAIT = 60.0
# What a vendor refuses today it may take when somebody has mended it there.
_REFUSED_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Telling:
    """A call that is to be made now. `before` is what the vendor was told last, `began` when this one was claimed."""

    channel_id: int
    agent_id: int
    shown: Shown
    before: bool | None
    began: datetime


def backoff(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1, 2, 4 … up to 60 seconds."""
    return timedelta(seconds=min(2.0 ** min(failures - 1, 10), _LONGEST_WAIT))


def due_channels() -> list[int]:
    """Channels whose vendor is to be told something now and may be called."""
    now = clock.now()
    free = or_(Presence.claimed_until.is_(None), Presence.claimed_until <= now)
    waits = exists().where(Presence.channel_id == Channel.id, Presence.due_at <= now, free)
    query = select(Channel.id).where(Channel.state != "broken", breaker.not_paused(), waits)
    return list(db.session().scalars(query.order_by(Channel.id)))


def claim(channel_id: int) -> Telling | None:
    """Take the call that has been due for longest; none while another one is under way or the channel pauses."""
    with unit_of_work() as session:
        lock_stream(presence.stream(channel_id))
        channel, now = session.get_one(Channel, channel_id), clock.now()
        rows = session.scalars(select(Presence).where(Presence.channel_id == channel_id)).all()
        row = _first_due(rows, now)
        if row is None or channel.state == "broken" or not breaker.admit(channel_id):
            return None
        telling = Telling(channel_id, row.agent_id, _shown(row, rows, channel), row.told, now)
        row.claimed_until, row.tried_at = now + _LEASE, now
        if row.told != row.available:
            # Whoever finds this after a crash does not know what the vendor shows.
            row.told = None
        return telling


def settle(telling: Telling) -> None:
    """The vendor shows what it was told."""
    with unit_of_work() as session:
        row = _claimed(telling)
        if row is not None:
            row.told, row.told_at, row.failures, row.result = telling.shown.available, clock.now(), 0, ""
            plan(row, session.get_one(Channel, telling.channel_id))


def fail(telling: Telling, error: ChannelError) -> None:
    """The vendor was not told: later again, unless that is out of date by then."""
    with unit_of_work() as session:
        row = _claimed(telling)
        if row is None:
            return
        row.result = error.reason[:500]
        if not error.uncertain:
            row.told = telling.before
        if row.available != telling.shown.available:
            plan(row, session.get_one(Channel, telling.channel_id))
            return
        row.failures += 1
        row.due_at = clock.now() + _wait(row.failures, error)


def _wait(failures: int, error: ChannelError) -> timedelta:
    if error.permanent and not error.broken:
        return _REFUSED_FOR
    return max(backoff(failures), timedelta(seconds=error.retry_after or 0))


def _first_due(rows: Sequence[Presence], now: datetime) -> Presence | None:
    if any(row.claimed_until is not None and row.claimed_until > now for row in rows):
        return None
    due = [(row.due_at, row.agent_id, row) for row in rows if row.due_at is not None and row.due_at <= now]
    return min(due)[-1] if due else None


def _shown(row: Presence, rows: Sequence[Presence], channel: Channel) -> Shown:
    now, debounce = clock.now(), presence.debounce(channel)
    others = [one for one in rows if presence.is_shown(one, debounce, now)]
    query = select(Agent.id, Agent.name).where(Agent.id.in_({row.agent_id, *(one.agent_id for one in others)}))
    names = {found.id: found.name for found in db.session().execute(query)}
    data = {one.agent_id: AgentData(one.agent_id, names[one.agent_id], one.email) for one in (row, *others)}
    return Shown(data[row.agent_id], row.available, tuple(data[one.agent_id] for one in others))


def _claimed(telling: Telling) -> Presence | None:
    """The row of a call that was made, unlocked for the next one.

    None where the channel was disconnected meanwhile, or the call outlived its claim and another one was made: which
    came last, nobody knows.
    """
    lock_stream(presence.stream(telling.channel_id))
    row = db.session().get(Presence, (telling.channel_id, telling.agent_id))
    if row is None:
        return None
    if row.tried_at != telling.began:
        row.told, row.due_at = None, clock.now()
        return None
    row.claimed_until = None
    return row
