"""Who may see and do what: decided here alone, for pages, sockets and notifications alike.

Every active agent may see and answer every case until access levels arrive; callers already ask as if it differed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, true

from extensions import db
from models import Agent, Case

from .errors import CaseNotFound


@dataclass(frozen=True)
class Listener:
    """An agent who is to be told, and in which language."""

    agent_id: int
    language: str


def visible_cases(agent: Agent) -> ColumnElement[bool]:
    """The scope of every query over cases that an agent makes."""
    return true() if agent.active else Case.id.is_(None)


def may_see(agent: Agent, _case: Case) -> bool:
    """Whether the agent may open this case."""
    return agent.active


def require_case(agent: Agent, case_id: int) -> Case:
    """The case, if it exists and the agent may see it. Raises `CaseNotFound` for both, alike."""
    case = db.session().get(Case, case_id)
    if case is None or not may_see(agent, case):
        raise CaseNotFound(case_id)
    return case


def audience(_case: Case) -> list[Listener]:
    """The agents who are to be told of a change of this case."""
    rows = db.session().execute(select(Agent.id, Agent.language).where(Agent.active))
    return [Listener(agent_id, language) for agent_id, language in rows]
