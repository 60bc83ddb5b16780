"""Who may see and do what: decided here alone, for pages, sockets and notifications alike.

By access level (product.md §4.2) and by the status of the moment (§4.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Select, String, and_, bindparam, exists, literal, or_, select

from extensions import db
from models import Access, Agent, AgentGroup, AgentStatus, Case, Channel, ChannelOff, Handling

from . import sight
from .attendance import statuses
from .errors import N_, CaseNotFound, Forbidden, InvalidInput
from .exchange import channel_settings
from .sight import Sight

# What is compared below: a column, or the value of one agent or case.
_Side = ColumnElement[Any]


@dataclass(frozen=True)
class Listener:
    """An agent who is to be told, and in which language."""

    agent_id: int
    language: str


@dataclass(frozen=True)
class _CaseSide:
    """What decides about a case: columns in the scope of a query, values when the agents of one case are looked for."""

    group: _Side
    family: _Side
    active: _Side
    assignee: _Side
    fixated_to: _Side


_ANY_CASE = _CaseSide(
    group=Case.__table__.c.group_id,
    family=select(Channel.family).where(Channel.id == Case.channel_id).correlate(Case).scalar_subquery(),
    active=Case.__table__.c.active,
    assignee=Case.__table__.c.assignee_id,
    fixated_to=Case.__table__.c.fixated_to_id,
)
# One case, whose values come with each execution.
_SOME_CASE = _CaseSide(
    group=bindparam("group", type_=Integer),
    family=bindparam("family", type_=String),
    active=bindparam("active", type_=Boolean),
    assignee=bindparam("assignee", type_=Integer),
    fixated_to=bindparam("fixated_to", type_=Integer),
)


def visible_cases(agent: Agent) -> ColumnElement[bool]:
    """The scope of every query over cases that an agent makes."""
    status = statuses.of(agent)
    shown = [Case.active] * (status.chats != Handling.NONE) + [~Case.active] * (status.cases != Handling.NONE)
    if not agent.active or not shown:
        return Case.id.is_(None)
    return and_(or_(*shown), _sees(Access(agent.access), literal(agent.id), _ANY_CASE))


def may_see(agent: Agent, case: Case) -> bool:
    """Whether the agent may open this case."""
    return db.session().scalar(select(Case.id).where(Case.id == case.id, visible_cases(agent))) is not None


def may_have(agent: Agent, case: Case) -> bool:
    """Whether a case may be given to the agent: whoever sees only what is theirs would see it then."""
    if not agent.active or agent.access == Access.LIMITED:
        return agent.active
    level = Access(agent.access)
    # Whoever only looks sees no active chats, but may look after what is over.
    return bool(db.session().scalar(select(_sees(level, literal(agent.id), _side(sight.of(case))))))


def may_answer(agent: Agent) -> bool:
    """Whether the agent writes to customers at present, in the cases that they see."""
    return agent.active and agent.access != Access.VIEW_ONLY and statuses.of(agent).chats == Handling.HANDLE


def sees_data_of(channel: Channel, agent: Agent) -> bool:
    """Whether the agent sees what a channel tells about its customers: everybody does, unless somebody was chosen."""
    chosen = channel_settings.of(channel)
    if agent.id in chosen.agents or not (chosen.agents or chosen.groups):
        return True
    if not chosen.groups or agent.access != Access.GROUPS:
        return False
    member = exists().where(AgentGroup.agent_id == agent.id, AgentGroup.group_id.in_(chosen.groups))
    return db.session().scalar(select(member)) is True


def require_case(agent: Agent, case_id: int) -> Case:
    """The case, if it exists and the agent may see it. Raises `CaseNotFound` for both, alike."""
    case = db.session().scalar(select(Case).where(Case.id == case_id, visible_cases(agent)))
    if case is None:
        raise CaseNotFound(case_id)
    return case


def require_answerable(agent: Agent, case_id: int) -> Case:
    """The case, if the agent may write to its customer.

    Raises:
        CaseNotFound: there is none, or the agent may not see it.
        Forbidden: the agent may look only, by their access or by their status.
        InvalidInput: nothing reaches the customer any more.
    """
    case = require_case(agent, case_id)
    if not may_answer(agent):
        raise Forbidden
    if not is_reachable(case):
        raise InvalidInput("case", N_("The integration of this case was disconnected: nothing can be sent through it."))
    return case


def is_reachable(case: Case) -> bool:
    """Whether anything can be sent to the case's customer: not through a channel that was disconnected."""
    return case.channel.disconnected_at is None


def audience(case: Case) -> list[Listener]:
    """The agents who are to be told of a change of this case: those who may see it now."""
    return _who_see(sight.of(case))


def lost_sight(case: Case, before: Sight) -> set[int]:
    """The agents who saw a case as it stood before and do not see it any more."""
    return {to.agent_id for to in _who_see(before)} - {to.agent_id for to in audience(case)}


def readers(case: Case) -> list[Agent]:
    """The agents whose access reaches a case, whatever their status: who can be called in its notes."""
    reached = _by_level(_side(sight.of(case)))
    return list(db.session().scalars(select(Agent).where(Agent.active, reached).order_by(Agent.id)))


def takes_new_chats(family: str, group_id: int) -> ColumnElement[bool]:
    """The agents to whom a new chat of this channel family and group may fall by their level, whatever their status.

    Whoever sees only what is theirs is given chats by name alone.
    """
    nobodys = _side(Sight(family, group_id, active=True, assignee_id=None, fixated_to_id=None))
    levels = (Access.FULL, Access.GROUPS)
    return or_(*(and_(Agent.access == level, _sees(level, Agent.__table__.c.id, nobodys)) for level in levels))


def owner_sees() -> ColumnElement[bool]:
    """In a query over cases joined with the agents who have their chats: whether access reaches that far."""
    return _by_level(_ANY_CASE)


def may_be_given(family: str, group_id: int) -> ColumnElement[bool]:
    """The agents to whom an active chat of this channel family and group may be given by name, whatever their status.

    Whoever sees only what is theirs sees it then.
    """
    return or_(takes_new_chats(family, group_id), Agent.access == Access.LIMITED)


def _by_level(case: _CaseSide) -> ColumnElement[bool]:
    """The agents whose level reaches this case."""
    return or_(*(and_(Agent.access == level, _sees(level, Agent.__table__.c.id, case)) for level in Access))


def _who_see(it: Sight) -> list[Listener]:
    """The agents who see a case that stands like this."""
    values = {
        "group": it.group_id,
        "family": it.family,
        "active": it.active,
        "assignee": it.assignee_id or 0,
        "fixated_to": it.fixated_to_id or 0,
    }
    return [Listener(agent_id, language) for agent_id, language in db.session().execute(_seeing(it.active), values)]


@cache
def _seeing(active: bool) -> Select[int, str]:
    """The statement, built once: every word that is said asks it."""
    handling = AgentStatus.chats if active else AgentStatus.cases
    there = select(Agent.id, Agent.language).join(AgentStatus, AgentStatus.id == Agent.status_id)
    return there.where(Agent.active, handling != Handling.NONE, _by_level(_SOME_CASE))


def _side(it: Sight) -> _CaseSide:
    return _CaseSide(
        group=literal(it.group_id),
        family=literal(it.family),
        active=literal(it.active),
        assignee=literal(it.assignee_id or 0),
        fixated_to=literal(it.fixated_to_id or 0),
    )


def _sees(level: Access, agent_id: _Side, case: _CaseSide) -> ColumnElement[bool]:
    """Whether an agent with this level sees a case: the one place where that is said."""
    off = exists().where(ChannelOff.agent_id == agent_id, ChannelOff.family == case.family)
    match level:
        case Access.FULL:
            return ~off.where(ChannelOff.group_id.is_(None))
        case Access.GROUPS:
            member = exists().where(AgentGroup.agent_id == agent_id, AgentGroup.group_id == case.group)
            return and_(member, ~off.where(ChannelOff.group_id == case.group))
        case Access.LIMITED:
            return or_(case.assignee == agent_id, and_(case.active, case.fixated_to == agent_id))
        case Access.VIEW_ONLY:
            return and_(~case.active, ~off.where(ChannelOff.group_id.is_(None)))
