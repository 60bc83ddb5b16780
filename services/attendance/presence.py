"""Presence: what the vendors are to show of each agent, and when they are told (product.md §4.1, docs/adr/0012).

Online is told at once, offline when it has lasted for a while, so that nobody is told of a reload or a short gap. What
a vendor forgets is told again before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from extensions import db
from models import Agent, Channel, Presence
from services import clock
from services.errors import N_, InvalidInput
from services.exchange import channels
from services.uow import lock_stream, ring_after_commit, unit_of_work

from . import availability

QUEUE = "presence"
USUAL_DEBOUNCE = 120
LONGEST_DEBOUNCE = 600
_DEBOUNCE = "offline_after_seconds"


def next_telling(row: Presence, debounce: timedelta, ttl: timedelta | None) -> datetime | None:
    """When a vendor is to be told next, or None while it shows what it should and does not forget.

    Args:
        row: what it is to show and was told last.
        debounce: how long an agent has to be away until that is told.
        ttl: after how long the vendor forgets. Half of that is left for calls that fail.
    """
    if row.told == row.available and row.told_at is not None:
        return row.told_at + ttl / 2 if ttl else None
    was_told = row.told_at is not None
    return row.since + debounce if was_told and not row.available else row.since


def is_shown(row: Presence, debounce: timedelta, now: datetime) -> bool:
    """Whether the vendor is to show the agent as available now: until they have been away for long enough."""
    was_told = row.told is not False and row.told_at is not None
    return row.available or (was_told and row.since + debounce > now)


def stream(channel_id: int) -> str:
    """The name under which a channel's presence is told, by one worker at a time."""
    return f"presence:{channel_id}"


def channel_of(stream: str) -> int:
    """The channel that a name like that stands for."""
    return int(stream.rpartition(":")[-1])


def debounce_seconds(channel: Channel) -> int:
    """How many seconds an agent has to be away until this channel's vendor is told."""
    return int(channel.settings.get(_DEBOUNCE, USUAL_DEBOUNCE))


def debounce(channel: Channel) -> timedelta:
    """The same as a time."""
    return timedelta(seconds=debounce_seconds(channel))


def plan(row: Presence, channel: Channel) -> None:
    """Set when a row is due, by what it says now; part of the unit of work that changed it."""
    ttl = channels.capabilities(channel).presence_ttl
    row.due_at = next_telling(row, debounce(channel), timedelta(seconds=ttl) if ttl else None)


def refresh(channel_id: int) -> None:
    """Note who is available in a channel now, and when its vendor is to be told of what has changed."""
    with unit_of_work() as session:
        lock_stream(stream(channel_id))
        channel = session.get_one(Channel, channel_id)
        rows = {row.agent_id: row for row in _rows(channel_id)}
        for one in _present(channel):
            row = rows.pop(one.id) if one.id in rows else _new_row(channel, one)
            _note(row, one, channel)
        for gone in rows.values():
            _note_gone(gone, channel)


def overview(channel_id: int) -> list[tuple[Presence, Agent]]:
    """What a vendor was told of whom, by the agents' names."""
    rows = select(Presence, Agent).join(Agent, Agent.id == Presence.agent_id).where(Presence.channel_id == channel_id)
    return [(row, agent) for row, agent in db.session().execute(rows.order_by(Agent.name, Agent.id))]


def change_debounce(channel_id: int, seconds: int) -> None:
    """Keep how long an agent has to be away until the vendor is told; counts for those who have just left, too.

    Raises:
        InvalidInput: not between 0 and `LONGEST_DEBOUNCE` seconds.
    """
    if not 0 <= seconds <= LONGEST_DEBOUNCE:
        raise InvalidInput("seconds", N_("Choose between 0 and %(most)s seconds."), most=LONGEST_DEBOUNCE)
    with unit_of_work() as session:
        lock_stream(stream(channel_id))
        channel = session.get_one(Channel, channel_id)
        channel.settings = {**channel.settings, _DEBOUNCE: seconds}
        for row in _rows(channel_id):
            if not row.failures:
                plan(row, channel)
        ring_after_commit(QUEUE, stream(channel_id))


def tell_again(channel_id: int) -> None:
    """Have a vendor told of everybody anew, because nobody knows what it shows."""
    with unit_of_work() as session:
        lock_stream(stream(channel_id))
        channel = session.get_one(Channel, channel_id)
        for row in _rows(channel_id):
            row.told, row.failures = None, 0
            plan(row, channel)
        ring_after_commit(QUEUE, stream(channel_id))


@dataclass(frozen=True)
class _Person:
    id: int
    email: str
    available: bool


def _present(channel: Channel) -> Sequence[_Person]:
    """Everybody who may sign in, and whether they are available in the channel."""
    available = availability.is_available(channel.family, channel.group_id)
    found = db.session().execute(select(Agent.id, Agent.email, available).where(Agent.active).order_by(Agent.id))
    return [_Person(agent_id, email, bool(is_there)) for agent_id, email, is_there in found]


def _rows(channel_id: int) -> Sequence[Presence]:
    query = select(Presence).where(Presence.channel_id == channel_id).order_by(Presence.agent_id)
    return db.session().scalars(query).all()


def _new_row(channel: Channel, person: _Person) -> Presence:
    row = Presence(channel_id=channel.id, agent_id=person.id, email=person.email, available=person.available)
    row.since, row.failures = clock.now(), 0
    plan(row, channel)
    db.session().add(row)
    return row


def _note(row: Presence, person: _Person, channel: Channel) -> None:
    """An agent whose address has changed is away under the old one; the new one follows when that has been told."""
    if row.email != person.email and _owes_nothing(row):
        row.email, row.told, row.told_at, row.since = person.email, None, None, clock.now()
        plan(row, channel)
    _set(row, person.available and row.email == person.email, channel)


def _note_gone(row: Presence, channel: Channel) -> None:
    _set(row, False, channel)
    if _owes_nothing(row):
        db.session().delete(row)


def _owes_nothing(row: Presence) -> bool:
    """Whether the vendor does not show the agent under this address."""
    return row.claimed_until is None and (row.told is False or row.told_at is None)


def _set(row: Presence, available: bool, channel: Channel) -> None:
    """Keep whether the agent is available. What a vendor shows that refuses us nobody knows."""
    is_news = row.available != available
    is_in_doubt = channel.state == "broken" and row.told is not None and row.claimed_until is None
    if is_news:
        row.available, row.since, row.failures = available, clock.now(), 0
    if is_in_doubt:
        row.told = None
    if is_news or is_in_doubt:
        plan(row, channel)
