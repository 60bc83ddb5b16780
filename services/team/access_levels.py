"""Giving agents their access level: groups, channels that are switched off (product.md §4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select

from extensions import db
from models import Access, Agent, AgentGroup, Channel, ChannelOff, Group
from services import audit
from services.errors import N_, InvalidInput
from services.uow import lock_stream, note_agent, unit_of_work


@dataclass(frozen=True)
class Level:
    """What an agent may see.

    `groups` counts for access by groups alone: each with the families of channels that are switched off in it.
    `without` are the families switched off everywhere, for full access and for those who only look.
    """

    access: Access = Access.FULL
    groups: Mapping[int, Sequence[str]] = field(default_factory=dict)
    without: Sequence[str] = field(default_factory=list)


def as_json(level: Level) -> dict[str, Any]:
    """The level as roles and invitations keep it."""
    groups = {str(group_id): list(families) for group_id, families in level.groups.items()}
    return {"access": level.access.value, "groups": groups, "without": list(level.without)}


def from_json(kept: Mapping[str, Any]) -> Level:
    """What `as_json` made; full access where nothing was kept."""
    groups = {int(group_id): families for group_id, families in kept.get("groups", {}).items()}
    return Level(Access(kept.get("access", Access.FULL)), groups, kept.get("without", []))


def of(agent: Agent) -> Level:
    """The agent's present level."""
    session = db.session()
    off = session.scalars(select(ChannelOff).where(ChannelOff.agent_id == agent.id).order_by(ChannelOff.family)).all()
    member = select(AgentGroup.group_id).where(AgentGroup.agent_id == agent.id).order_by(AgentGroup.group_id)
    groups = {group_id: [one.family for one in off if one.group_id == group_id] for group_id in session.scalars(member)}
    return Level(Access(agent.access), groups, [one.family for one in off if one.group_id is None])


def give(agent_id: int, level: Level) -> None:
    """Replace the agent's level; part of the unit of work around it, if there is one.

    Raises:
        InvalidInput: access by groups without any group, or a group that does not exist.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        check(level)
        with noted(agent_id):
            session.get_one(Agent, agent_id).access = level.access
            session.execute(delete(ChannelOff).where(ChannelOff.agent_id == agent_id))
            session.execute(delete(AgentGroup).where(AgentGroup.agent_id == agent_id))
            session.add_all(_rows(agent_id, level))
        note_agent(agent_id)


@contextmanager
def noted(agent_id: int) -> Iterator[None]:
    """What changes of the agent's level inside stands in the audit log, as one change."""
    agent = db.session().get_one(Agent, agent_id)
    before = of(agent)
    yield
    after = of(agent)
    if after != before:
        audit.note("agent", agent_id, agent.name, "level", as_json(before), as_json(after))


def check(level: Level) -> None:
    """Whether the level can be given to somebody.

    Raises:
        InvalidInput: access by groups without any group, or a group that does not exist.
    """
    if level.access == Access.GROUPS and not level.groups:
        raise InvalidInput("groups", N_("Choose at least one group."))
    if set(level.groups) - set(db.session().scalars(select(Group.id))):
        raise InvalidInput("groups", N_("One of these groups does not exist any more."))


def families() -> list[str]:
    """The families of the channels that are connected, each an icon that can be switched off."""
    return list(db.session().scalars(select(Channel.family).distinct().order_by(Channel.family)))


def _rows(agent_id: int, level: Level) -> list[AgentGroup | ChannelOff]:
    if level.access == Access.GROUPS:
        members = [AgentGroup(agent_id=agent_id, group_id=group_id) for group_id in level.groups]
        off = [(group_id, family) for group_id, families in level.groups.items() for family in families]
        return [*members, *(ChannelOff(agent_id=agent_id, group_id=one, family=family) for one, family in off)]
    if level.access == Access.LIMITED:
        return []
    return [ChannelOff(agent_id=agent_id, group_id=None, family=family) for family in level.without]
