"""Changing, disabling and deleting agents: an heir takes over what they had (product.md §4.2)."""

from __future__ import annotations

from sqlalchemy import exists, select

from extensions import db
from models import Agent
from services import clock
from services.attendance import statuses
from services.errors import N_, InvalidInput
from services.signing_in import passwords, sign_ins, two_factor
from services.uow import lock_agent, lock_stream, unit_of_work

from . import access_levels, agents, handing_over, roles
from .access_levels import Level
from .signatures import checked_signature


def everyone() -> list[Agent]:
    """All agents who were not deleted, those who may sign in first."""
    known = select(Agent).where(Agent.deleted_at.is_(None))
    return list(db.session().scalars(known.order_by(Agent.active.desc(), Agent.name, Agent.id)))


def change(
    agent_id: int,
    *,
    name: str,
    email: str,
    is_admin: bool,
    level: Level,
    role_id: int | None = None,
    signature: str = "",
    capacity: int | None = None,
) -> None:
    """Keep what an administrator has changed about an agent.

    Args:
        agent_id: who.
        name: what customers see.
        email: the login.
        is_admin: whether they may change the settings, if they follow no role.
        level: what they may see, if they follow no role.
        role_id: the role that they follow, None for settings of their own.
        signature: how they sign in chats; empty for their role's.
        capacity: chats that they are given at once, None for the desk's usual number.

    Raises:
        InvalidInput: a value cannot be taken, or nobody would be an administrator any more.
    """
    shown, address = agents.checked_name(name), agents.checked_address(email)
    signed = checked_signature(signature)
    with unit_of_work() as session:
        lock_stream("setup")
        agent = session.get_one(Agent, agent_id)
        others = exists().where(Agent.email == address, Agent.deleted_at.is_(None), Agent.id != agent_id)
        if session.scalar(select(others)):
            raise InvalidInput("email", N_("An agent with this e-mail address exists already."))
        role = roles.chosen(role_id)
        if not (role.is_admin if role else is_admin):
            _keep_an_administrator(agent)
        agent.name, agent.email, agent.signature, agent.capacity = shown, address, signed, capacity
        if role is not None:
            roles.follow(agent, role)
        else:
            agent.role_id, agent.is_admin = None, is_admin
            access_levels.give(agent_id, level)


def disable(agent_id: int, heir_id: int) -> None:
    """Let an agent sign in no more; the heir takes over their chats and their open and pending cases.

    Raises:
        InvalidInput: the heir cannot be taken, or nobody would be an administrator any more.
    """
    with unit_of_work():
        lock_stream("setup")
        _leave(lock_agent(agent_id), heir_id)


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
    with unit_of_work():
        lock_stream("setup")
        agent = lock_agent(agent_id)
        _leave(agent, heir_id)
        agent.deleted_at = clock.now()
        two_factor.reset(agent_id)


def _leave(agent: Agent, heir_id: int) -> None:
    heir = db.session().get(Agent, heir_id)
    if heir is None or not heir.active or heir.id == agent.id:
        raise InvalidInput("heir", N_("Choose an active agent who takes over."))
    _keep_an_administrator(agent)
    agent.active, agent.heir_id = False, heir.id
    sign_ins.end_all(agent.id)
    passwords.drop_links(agent.id)
    statuses.leave(agent)
    handing_over.ring_for_agent(agent.id)


def _keep_an_administrator(agent: Agent) -> None:
    others = exists().where(Agent.is_admin, Agent.active, Agent.id != agent.id)
    if agent.is_admin and not db.session().scalar(select(others)):
        raise InvalidInput("is_admin", N_("Somebody has to be an administrator."))
