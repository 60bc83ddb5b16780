"""Changing, disabling and deleting agents: an heir takes over what they had (product.md §4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select

from extensions import db
from models import Agent, Case, EventKind, Status

from . import access, access_levels, agents, clock, statuses
from .access_levels import Level
from .errors import N_, InvalidInput
from .events import SYSTEM
from .uow import lock_case, lock_stream, note_agent, record, unit_of_work

_AT_ONCE = 200


def everyone() -> list[Agent]:
    """All agents who were not deleted, those who may sign in first."""
    known = select(Agent).where(Agent.deleted_at.is_(None))
    return list(db.session().scalars(known.order_by(Agent.active.desc(), Agent.name, Agent.id)))


def change(agent_id: int, *, name: str, email: str, is_admin: bool, level: Level) -> None:
    """Keep what an administrator has changed about an agent.

    Raises:
        InvalidInput: name, address or level cannot be taken, or nobody would be an administrator any more.
    """
    shown, address = agents.checked_name(name), agents.checked_address(email)
    with unit_of_work() as session:
        lock_stream("setup")
        agent = session.get_one(Agent, agent_id)
        if session.scalar(select(exists().where(Agent.email == address, Agent.id != agent_id))):
            raise InvalidInput("email", N_("An agent with this e-mail address exists already."))
        if not is_admin:
            _keep_an_administrator(agent)
        agent.name, agent.email, agent.is_admin = shown, address, is_admin
        access_levels.give(agent_id, level)
        note_agent(agent_id)


def disable(agent_id: int, heir_id: int) -> None:
    """Let an agent sign in no more; the heir takes over their chats and their open and pending cases.

    Raises:
        InvalidInput: the heir cannot be taken, or nobody would be an administrator any more.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        _leave(session.get_one(Agent, agent_id), heir_id)
    hand_over(agent_id)


def enable(agent_id: int) -> None:
    """Let an agent sign in again. What the heir has taken over stays with the heir."""
    with unit_of_work() as session:
        lock_stream("setup")
        agent = session.get_one(Agent, agent_id)
        if agent.deleted_at is None:
            agent.active, agent.heir_id = True, None


def delete(agent_id: int, heir_id: int) -> None:
    """Take an agent off the list for good; the heir takes over all their cases. What they wrote stays theirs.

    Raises:
        InvalidInput: the heir cannot be taken, or nobody would be an administrator any more.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        agent = session.get_one(Agent, agent_id)
        _leave(agent, heir_id)
        agent.deleted_at = clock.now()
        # Whoever comes after may have the same address.
        agent.email = f"deleted-{agent.id}"
    hand_over(agent_id)


def unfinished() -> list[int]:
    """Agents who have left and still have something to hand over: whoever did that was stopped."""
    with_heir = select(Agent).where(~Agent.active, Agent.heir_id.is_not(None)).order_by(Agent.id)
    return [agent.id for agent in db.session().scalars(with_heir) if _next_cases(agent)]


def hand_over(agent_id: int) -> None:
    """Give the heir what the agent had, a case at a time: others who write wait no longer than that."""
    agent = db.session().get_one(Agent, agent_id)
    while case_ids := _next_cases(agent):
        for case_id in case_ids:
            if not _hand_over(case_id, agent_id):
                return


def _hand_over(case_id: int, agent_id: int) -> bool:
    """Give one case away, unless that was done meanwhile; tells whether the agent is still gone."""
    with unit_of_work() as session:
        case, agent = lock_case(case_id), session.get_one(Agent, agent_id)
        if agent.heir_id is None:
            return False
        chosen = session.get_one(Agent, agent.heir_id)
        heir = chosen if access.may_have(chosen, case) else None
        if case.assignee_id == agent_id:
            case.assignee_id = heir.id if heir else None
            record(case, EventKind.CASE_ASSIGNED, SYSTEM, agent=heir.id if heir else None)
        if case.active and case.fixated_to_id == agent_id:
            # Nobody has a chat whose agent is gone: whoever is free takes it.
            case.fixated_to_id = case.fixated_at = None
            record(case, EventKind.CHAT_RELEASED, SYSTEM)
        return True


def _next_cases(agent: Agent) -> Sequence[int]:
    has = or_(_left_behind(agent), and_(Case.active, Case.fixated_to_id == agent.id))
    return db.session().scalars(select(Case.id).where(has).order_by(Case.id).limit(_AT_ONCE)).all()


def _left_behind(agent: Agent) -> ColumnElement[bool]:
    """What the agent looked after and somebody has to: of those who were deleted, closed cases too."""
    theirs = Case.assignee_id == agent.id
    return theirs if agent.deleted_at is not None else and_(theirs, Case.status != Status.CLOSED)


def _leave(agent: Agent, heir_id: int) -> None:
    heir = db.session().get(Agent, heir_id)
    if heir is None or not heir.active or heir.id == agent.id:
        raise InvalidInput("heir", N_("Choose an active agent who takes over."))
    _keep_an_administrator(agent)
    agent.active, agent.heir_id = False, heir.id
    agent.session_version += 1
    statuses.leave(agent)


def _keep_an_administrator(agent: Agent) -> None:
    others = exists().where(Agent.is_admin, Agent.active, Agent.id != agent.id)
    if agent.is_admin and not db.session().scalar(select(others)):
        raise InvalidInput("is_admin", N_("Somebody has to be an administrator."))
