"""Handing over: what agents who have left and groups that were closed leave to others (product.md §4.2).

It is done a case at a time, so that others who write wait no longer than that. Whoever takes the steps may stop after
any of them and begin anew later. What is live is told at once; the many cases that are over are not, so the pages
have to be told to catch up in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import ColumnElement, and_, or_, select

from extensions import db
from models import Agent, Case, EventKind, Group, Status
from services import access
from services.conversations import chat_states
from services.events import SYSTEM
from services.uow import lock_case, record, record_untold, ring_after_commit, unit_of_work

_AT_ONCE = 200
_QUEUE = "spare"


def ring_for_agent(agent_id: int) -> None:
    """Have the agent's cases handed over soon; part of the unit of work that says who takes over."""
    ring_after_commit(_QUEUE, f"agent:{agent_id}")


def ring_for_group(group_id: int) -> None:
    """Have the group's cases handed over soon; part of the unit of work that says which group takes over."""
    ring_after_commit(_QUEUE, f"group:{group_id}")


def unfinished() -> list[str]:
    """The streams of agents and groups that still have something to hand over."""
    session = db.session()
    leaving = select(Agent).where(~Agent.active, Agent.heir_id.is_not(None)).order_by(Agent.id)
    closed = select(Group).where(~Group.active, Group.replacement_id.is_not(None)).order_by(Group.id)
    agents = [f"agent:{agent.id}" for agent in session.scalars(leaving) if _first(_has(agent))]
    return agents + [f"group:{group.id}" for group in session.scalars(closed) if _first(Case.group_id == group.id)]


def steps(stream: str) -> Iterator[None]:
    """Hand over what an agent or a group leaves behind, one case with each step."""
    kind, _, number = stream.partition(":")
    if kind == "agent":
        agent = db.session().get_one(Agent, int(number))
        return _each(lambda: _has(agent), lambda case_id: _give_to_heir(case_id, agent.id))
    return _each(lambda: Case.group_id == int(number), lambda case_id: _move(case_id, int(number)))


def heir_of(agent: Agent) -> Agent | None:
    """Who takes over: the heir, or the heir's heir where that one has left, too."""
    session, seen = db.session(), {agent.id}
    heir = session.get(Agent, agent.heir_id) if agent.heir_id else None
    while heir is not None and not heir.active:
        seen.add(heir.id)
        heir = session.get(Agent, heir.heir_id) if heir.heir_id and heir.heir_id not in seen else None
    return heir


def _each(left: Callable[[], ColumnElement[bool]], hand_over: Callable[[int], bool]) -> Iterator[None]:
    """Take the steps until nothing is left, or until it need not be handed over any more."""
    query = select(Case.id).order_by(Case.active.desc(), Case.id).limit(_AT_ONCE)
    while case_ids := db.session().scalars(query.where(left())).all():
        for case_id in case_ids:
            if not hand_over(case_id):
                return
            yield


def _give_to_heir(case_id: int, agent_id: int) -> bool:
    """Give one case away, unless that was done meanwhile; tells whether the agent is still gone."""
    with unit_of_work() as session:
        case, agent = lock_case(case_id), session.get_one(Agent, agent_id)
        if agent.heir_id is None:
            return False
        if case.assignee_id == agent_id:
            heir = heir_of(agent)
            case.assignee_id = heir.id if heir and access.may_have(heir, case) else None
            _note(case, EventKind.CASE_ASSIGNED, agent=case.assignee_id)
        if case.active and case.fixated_to_id == agent_id:
            # Nobody has a chat whose agent is gone: whoever is free takes it.
            chat_states.release(case, reason="left", unassign=False)
        return True


def _move(case_id: int, group_id: int) -> bool:
    """Move one case, unless it has moved meanwhile; tells whether the group is still closed."""
    with unit_of_work() as session:
        case, group = lock_case(case_id), session.get_one(Group, group_id)
        if group.replacement_id is None:
            return False
        if case.group_id == group_id:
            case.group_id, case.passed_over = group.replacement_id, []
            _note(case, EventKind.GROUP_CHANGED, group=group.replacement_id)
            _clear_those_who_see_it_no_more(case)
        return True


def _clear_those_who_see_it_no_more(case: Case) -> None:
    session = db.session()
    if case.assignee_id and not access.may_have(session.get_one(Agent, case.assignee_id), case):
        case.assignee_id = None
        _note(case, EventKind.CASE_ASSIGNED, agent=None)
    if case.fixated_to_id and not access.may_have(session.get_one(Agent, case.fixated_to_id), case):
        chat_states.release(case, reason="moved", unassign=False)


def _note(case: Case, kind: EventKind, **data: int | None) -> None:
    (record if case.active else record_untold)(case, kind, SYSTEM, **data)


def _has(agent: Agent) -> ColumnElement[bool]:
    """What somebody else has to look after: of agents who were deleted, closed cases too."""
    theirs = Case.assignee_id == agent.id
    left = theirs if agent.deleted_at is not None else and_(theirs, Case.status != Status.CLOSED)
    return or_(left, and_(Case.active, Case.fixated_to_id == agent.id))


def _first(left: ColumnElement[bool]) -> int | None:
    return db.session().scalar(select(Case.id).where(left).limit(1))
