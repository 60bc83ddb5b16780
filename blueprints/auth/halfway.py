"""Between password and second factor: the cookie remembers for a few minutes who has shown the one."""

from __future__ import annotations

from flask import request, session
from flask_limiter.util import get_remote_address

from extensions import db, vault
from models import Agent
from services import clock

_HALFWAY = "halfway"
_MINUTES = 5


def begin(agent: Agent) -> None:
    """Remember that this agent's password was right."""
    session.clear()
    session[_HALFWAY] = [agent.id, int(clock.now().timestamp()), _mark(agent)]


def agent() -> Agent | None:
    """Who is on the way, None once that is too long ago, they were disabled or have another password."""
    agent_id, at, mark = session.get(_HALFWAY, (0, 0, ""))
    if clock.now().timestamp() - at > _MINUTES * 60:
        return None
    found = db.session().get(Agent, agent_id)
    return found if found is not None and found.active and vault.signed(_said(found), mark) else None


def limit_key() -> str:
    """What tries are counted by: whoever has the password may come from many addresses."""
    found = agent()
    return f"second factor of agent {found.id}" if found else f"{get_remote_address()} {request.endpoint}"


def _mark(agent: Agent) -> str:
    return vault.sign(_said(agent))


def _said(agent: Agent) -> str:
    return f"halfway {agent.id} {agent.password_hash}"
