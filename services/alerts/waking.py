"""Waking: who hears by Web Push of a chat that waits, while no page of the desk is open to tell them.

Two kinds of agents are asleep: those who are ready for chats, but whose last page has gone a moment ago, and those
whom only a lost connection has set offline. Those of the second kind are spared for a while as long as somebody else
is available. Whoever chose to be offline or without chats is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from extensions import db
from models import Agent, AgentStatus, Case, Event, EventKind, Handling, PushSubscription, StatusKind
from services import access, clock
from services.attendance import availability, statuses

from . import notifications, push_subscriptions
from .notifications import Occasion

# A chat that waits is news only for a while.
WINDOW = timedelta(minutes=2)
PATIENCE = timedelta(seconds=20)
_BEATS_LATE = timedelta(seconds=5)
_FALLS_TO_NEW = (
    EventKind.CHAT_STARTED,
    EventKind.CHAT_REACTIVATED,
    EventKind.CHAT_RELEASED,
    EventKind.GROUP_CHANGED,
)
_MOST = 200


@dataclass(frozen=True)
class Call:
    """An agent is to hear of a chat that waits since then; `owner_id` is who has it, if anybody."""

    agent: Agent
    case: Case
    owner_id: int | None
    occasion: Occasion
    since: datetime


def begins(event: Event) -> bool:
    """Whether a chat may wait from this event on for somebody who is asleep."""
    return event.kind in _FALLS_TO_NEW or notifications.was_given(event)


def calls() -> Iterator[Call]:
    """Whom to wake, and for what, at this moment."""
    now = clock.now()
    sleepers = {agent.id: agent for agent in _sleepers(now)}
    if not sleepers:
        return
    for case, since in _waiting(now):
        for agent in _concerned(case, sleepers, is_fresh=now - since < PATIENCE):
            occasion = _occasion(case, since)
            if notifications.wishes(agent).wakes_for(occasion):
                yield Call(agent, case, case.fixated_to_id, occasion, since)


def still_holds(call: Call) -> bool:
    """Whether the chat still waits for those whom it waited for, as the database has it now."""
    db.session().rollback()
    present = select(Case.fixated_to_id).where(Case.id == call.case.id, Case.active, Case.waiting_since.is_not(None))
    found = db.session().execute(present).one_or_none()
    return found is not None and found[0] == call.owner_id


def _sleepers(now: datetime) -> Sequence[Agent]:
    """The agents with a browser to wake and without a page that shows what is new."""
    has_browser = exists().where(PushSubscription.agent_id == Agent.id, push_subscriptions.is_live())
    query = select(Agent).where(Agent.active, has_browser, or_(_has_just_gone(now), _is_away()))
    return db.session().scalars(query.order_by(Agent.id)).all()


def _has_just_gone(now: datetime) -> ColumnElement[bool]:
    """Ready for chats, but no page has said for longer than a beat that it is there."""
    last_beat = now - timedelta(seconds=statuses.BEAT_SECONDS) - _BEATS_LATE
    is_silent = or_(Agent.connected_until.is_(None), Agent.connected_until < last_beat + statuses.GRACE)
    return and_(statuses.handles_chats(), is_silent)


def _is_away() -> ColumnElement[bool]:
    """Offline only because the connection was lost, and back in a status that handles chats with the next page."""
    is_offline = exists().where(AgentStatus.id == Agent.status_id, AgentStatus.kind == StatusKind.OFFLINE)
    returns = exists().where(
        AgentStatus.id == Agent.returns_to_id, AgentStatus.active, AgentStatus.chats == Handling.HANDLE
    )
    return and_(is_offline, returns)


def _waiting(now: datetime) -> list[tuple[Case, datetime]]:
    """The active chats whose customer has begun to wait within the window, for those who have it now."""
    fell = select(func.max(Event.created_at)).where(Event.case_id == Case.id, Event.kind.in_(_FALLS_TO_NEW))
    fell_at, began = fell.correlate(Case).scalar_subquery(), now - WINDOW
    is_news = or_(Case.waiting_since > began, Case.fixated_at > began, fell_at > began)
    query = select(Case, fell_at).where(Case.active, Case.waiting_since.is_not(None), is_news)
    rows = db.session().execute(query.order_by(Case.id.desc()).limit(_MOST)).all()
    return [(case, since) for case, fell_at in rows if now - (since := _since(case, fell_at)) < WINDOW]


def _since(case: Case, fell_to_new_at: datetime | None) -> datetime:
    moments = (case.waiting_since, case.fixated_at if case.fixated_to_id else fell_to_new_at)
    return max(moment for moment in moments if moment is not None)


def _occasion(case: Case, since: datetime) -> Occasion:
    if case.fixated_to_id is None:
        return Occasion.NEW
    return Occasion.GIVEN if since == case.fixated_at else Occasion.REPLY


def _concerned(case: Case, sleepers: dict[int, Agent], *, is_fresh: bool) -> list[Agent]:
    """Those of the sleepers whom the chat concerns: its owner, or all who may take it."""
    if case.fixated_to_id is not None:
        owner = sleepers.get(case.fixated_to_id)
        return [owner] if owner is not None and access.may_have(owner, case) else []
    family, group_id = case.channel.family, case.group_id
    may_take = select(Agent.id).where(Agent.id.in_(sleepers), access.takes_new_chats(family, group_id))
    found = [sleepers[agent_id] for agent_id in db.session().scalars(may_take.order_by(Agent.id))]
    if is_fresh and availability.anyone(family, group_id):
        return [agent for agent in found if agent.returns_to_id is None]
    return found
