"""Statuses: chosen by agents, taken away by a lost connection and given back, and how long each lasted.

Rules: product.md §4.1. What an agent has chosen stays until they choose again; only a lost connection or a used-up
daily limit take it away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, update

from extensions import db
from models import Agent, AgentStatus, Handling, StatusKind, StatusSpan
from services import clock
from services.errors import N_, Forbidden, InvalidInput
from services.uow import lock_agent, lock_in_order, note_agent, unit_of_work

from . import status_times

BEAT_SECONDS = 20
# A minute without a connection, counted from a beat that may be as old as the next one is late.
GRACE = timedelta(seconds=60 + BEAT_SECONDS)
_AFTER_SIGN_IN = timedelta(seconds=60)
# Nobody is connected for longer than a beat has said: what lies beyond was written before the clock was set back.
_FARTHEST = GRACE + timedelta(seconds=BEAT_SECONDS)


def choices() -> list[AgentStatus]:
    """The statuses that an agent may choose, the built-in ones first."""
    return list(db.session().scalars(select(AgentStatus).where(AgentStatus.active).order_by(AgentStatus.id)))


def built_in(kind: StatusKind) -> AgentStatus:
    """A status that every desk has."""
    return db.session().scalars(select(AgentStatus).where(AgentStatus.kind == kind)).one()


def of(agent: Agent) -> AgentStatus:
    """The agent's present status; offline before their first sign-in."""
    if agent.status_id is None:
        return built_in(StatusKind.OFFLINE)
    return db.session().get_one(AgentStatus, agent.status_id)


def used_up(agent: Agent, among: Iterable[AgentStatus]) -> set[int]:
    """The ids of those statuses in which the agent has been for as long as they may last today."""
    now = clock.now()
    return {status.id for status in among if _is_used_up(agent, status, now)}


def choose(agent_id: int, status_id: int) -> None:
    """Take the status that the agent wants, until they want another one.

    Raises:
        Forbidden: the agent has just been disabled.
        InvalidInput: no such status, or its time for today is used up.
    """
    with unit_of_work() as session:
        # Locked before the agent, in the order of those who withdraw a status.
        status, agent = session.get(AgentStatus, status_id, with_for_update={"read": True}), lock_agent(agent_id)
        if not agent.active:
            raise Forbidden
        if status is None or not status.active:
            raise InvalidInput("status", N_("Choose one of the statuses."))
        if _is_used_up(agent, status, clock.now()):
            raise InvalidInput("status", N_("The time for this status is used up for today."))
        agent.returns_to_id = None
        agent.connected_until = clock.now() + GRACE
        _change(agent, status)


def begin(agent_id: int) -> None:
    """After a sign-in: online, unless the agent keeps the last status; connected until the first page is there.

    Nothing happens to an agent who was disabled in the same moment: their next request signs them out.
    """
    with unit_of_work():
        agent = lock_agent(agent_id)
        if not agent.active:
            return
        agent.connected_until = clock.now() + _AFTER_SIGN_IN
        if not agent.keeps_status or agent.status_id is None:
            agent.returns_to_id = None
            _change(agent, built_in(StatusKind.ONLINE))
        note_agent(agent_id)


def arrive(agent: Agent) -> None:
    """The agent has just asked for something: that is presence, too, where no socket gets through.

    Writes only where that is news, or the last time is a beat ago.
    """
    now, until = clock.now(), agent.connected_until
    is_fresh = until is not None and now + GRACE - timedelta(seconds=BEAT_SECONDS) <= until <= now + _FARTHEST
    if agent.returns_to_id is not None or not is_fresh:
        note_connected([agent.id])


def note_connected(agent_ids: Collection[int]) -> None:
    """These agents have a live connection: their status holds, and one that a lost connection took comes back."""
    if not agent_ids:
        return
    with unit_of_work() as session:
        now = clock.now()
        present = and_(Agent.active, Agent.id.in_(agent_ids))
        lock_in_order(Agent, present)
        came = set(session.scalars(select(Agent.id).where(present, _is_gone(now))))
        session.execute(update(Agent).where(present).values(connected_until=now + GRACE))
        for agent in session.scalars(select(Agent).where(present, Agent.returns_to_id.is_not(None)).order_by(Agent.id)):
            status = session.get_one(AgentStatus, agent.returns_to_id)
            agent.returns_to_id = None
            if status.active and not _is_used_up(agent, status, now):
                _change(agent, status)
        for agent_id in came:
            note_agent(agent_id)


def is_connected(now: datetime) -> ColumnElement[bool]:
    """The agents who have a live connection, or had one less than a minute ago."""
    return and_(Agent.connected_until > now, Agent.connected_until <= now + _FARTHEST)


def handles_chats() -> ColumnElement[bool]:
    """The agents whose status lets them take and answer chats."""
    return exists().where(AgentStatus.id == Agent.status_id, AgentStatus.chats == Handling.HANDLE)


def leave(agent: Agent) -> None:
    """An agent may sign in no more: part of the unit of work that says so."""
    agent.returns_to_id = agent.connected_until = None
    _change(agent, built_in(StatusKind.OFFLINE))
    note_agent(agent.id)


def withdraw(status: AgentStatus) -> None:
    """A status is not in use any more: whoever is in it is offline; part of the unit of work that says so."""
    in_it = or_(Agent.status_id == status.id, Agent.returns_to_id == status.id)
    for agent_id in db.session().scalars(select(Agent.id).where(in_it).order_by(Agent.id)).all():
        agent = lock_agent(agent_id)
        if agent.status_id == status.id:
            _change(agent, built_in(StatusKind.OFFLINE))
        if agent.returns_to_id == status.id:
            agent.returns_to_id = None


def end_lapsed() -> None:
    """Set those offline whose connection has been gone for too long."""
    now = clock.now()
    offline = built_in(StatusKind.OFFLINE)
    lapsed = select(Agent.id).where(Agent.status_id != offline.id, _is_gone(now)).order_by(Agent.id)
    for agent_id in list(db.session().scalars(lapsed)):
        _end_if_lapsed(agent_id)


def end_used_up() -> None:
    """Set those offline who have used up the time that their status allows for a day."""
    limited = select(Agent.id).join(AgentStatus, AgentStatus.id == Agent.status_id)
    for agent_id in list(db.session().scalars(limited.where(AgentStatus.daily_minutes.is_not(None)))):
        agent = db.session().get_one(Agent, agent_id)
        if not _is_used_up(agent, of(agent), clock.now()):
            continue
        with unit_of_work():
            agent = lock_agent(agent_id)
            if _is_used_up(agent, of(agent), clock.now()):
                _change(agent, built_in(StatusKind.OFFLINE))


def _end_if_lapsed(agent_id: int) -> None:
    with unit_of_work():
        agent = lock_agent(agent_id)
        now, until = clock.now(), agent.connected_until
        if until is not None and now < until <= now + _FARTHEST:
            return
        taken = of(agent)
        if taken.kind != StatusKind.OFFLINE:
            agent.returns_to_id = taken.id if taken.returns else None
            _change(agent, built_in(StatusKind.OFFLINE))


def _is_gone(now: datetime) -> ColumnElement[bool]:
    return Agent.connected_until.is_(None) | not_(is_connected(now))


def _change(agent: Agent, status: AgentStatus) -> None:
    if agent.status_id == status.id:
        return
    session, now = db.session(), clock.now()
    present = (StatusSpan.agent_id == agent.id, StatusSpan.ended_at.is_(None))
    session.execute(update(StatusSpan).where(*present).values(ended_at=now))
    session.add(StatusSpan(agent_id=agent.id, status_id=status.id, began_at=now))
    agent.status_id = status.id
    note_agent(agent.id)


def _is_used_up(agent: Agent, status: AgentStatus, now: datetime) -> bool:
    """Whether the agent has been in a status for as long as it may last today, by the days of UTC."""
    if status.daily_minutes is None:
        return False
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    spent = status_times.of(agent.id, today, now).get(status.id, timedelta())
    return spent >= timedelta(minutes=status.daily_minutes)
