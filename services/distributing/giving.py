"""Giving chats to agents, and taking back what they do not answer (product.md §2.3, docs/adr/0013).

What is decided is read without any lock and checked again under one: whatever has changed meanwhile, a chat is given
once, to an agent who is there and has room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import select

from extensions import db
from models import Agent, Case, Distribution, EventKind, Group
from services import clock
from services.attendance import availability
from services.conversations import chat_states
from services.events import Work
from services.uow import lock_agent, lock_case, unit_of_work

from . import distribution, line, load
from .distribution import Candidate, Gift, Waiting
from .line import InLine

_MOVES_THE_LINE = {
    EventKind.CHAT_STARTED,
    EventKind.CHAT_REACTIVATED,
    EventKind.CHAT_TAKEN,
    EventKind.CHAT_TRANSFERRED,
    EventKind.CHAT_RELEASED,
    EventKind.CHAT_ENDED,
    EventKind.GROUP_CHANGED,
}


def is_called_for(work: Work) -> bool:
    """Whether somebody may have to be given a chat, or told a new place in the line, after this unit of work.

    Asks the database only where a chat or an agent has come, gone or moved.
    """
    moved = work.agents or any(event.kind in _MOVES_THE_LINE for event in work.events)
    return bool(moved) and line.is_kept()


def give_away(may_go_on: Callable[[], bool] = lambda: True) -> bool:
    """Give waiting chats to those who are free, one unit of work each; tells whether all was done that could be.

    Args:
        may_go_on: asked after each chat.
    """
    while gifts := planned():
        given = 0
        for gift in gifts:
            given += give(gift)
            if not may_go_on():
                return False
        if not given:
            # Somebody else is faster with all of them, and rings after each.
            return True
    return True


def planned() -> list[Gift]:
    """Who would be given what at this moment."""
    waiting = line.everyone()
    available = {(one.family, one.group_id): set[int]() for one in waiting}
    for family, group_id in available:
        reach = select(Agent.id).where(availability.is_available(family, group_id))
        available[family, group_id].update(db.session().scalars(reach))
    candidates = _candidates(set().union(*available.values()))
    return distribution.plan([_suited(one, available[one.family, one.group_id]) for one in waiting], candidates)


def _suited(one: InLine, available: Iterable[int]) -> Waiting:
    return Waiting(one.case_id, one.distribution, frozenset(available) - set(one.passed_over))


def _candidates(agent_ids: Iterable[int]) -> list[Candidate]:
    query = select(Agent.id, load.chats(), load.capacity(), Agent.given_at)
    return [Candidate(*found) for found in db.session().execute(query.where(Agent.id.in_(agent_ids)))]


def give(gift: Gift) -> bool:
    """Do what was planned, unless the chat or the agent is not free any more; tells whether it was given."""
    with unit_of_work() as session:
        case = lock_case(gift.case_id)
        # Two chats at once must not both find the agent's last free place.
        agent = lock_agent(gift.agent_id)
        if not case.active or case.fixated_to_id is not None or agent.id in case.passed_over:
            return False
        group = session.get_one(Group, case.group_id, populate_existing=True)
        if group.distribution == Distribution.NONE or not _has_room(agent, case):
            return False
        now = clock.now()
        waits = case.waiting_since is not None and group.answer_seconds > 0
        chat_states.give(case, agent, answer_by=now + timedelta(seconds=group.answer_seconds) if waits else None)
        agent.given_at = now
        return True


def _has_room(agent: Agent, case: Case) -> bool:
    """Whether the agent is available for this chat and has fewer than they may be given."""
    available = availability.is_available(case.channel.family, case.group_id)
    query = select(load.chats() < load.capacity()).where(Agent.id == agent.id, available)
    return db.session().scalar(query) is True
