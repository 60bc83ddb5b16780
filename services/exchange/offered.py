"""Whom the form of a connection offers: who is in use, and who has been chosen before.

Without the latter, saving a form would leave them out, and nobody chosen means everybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from extensions import db
from models import Agent, Group
from services.team import agents, groups

from .channel_settings import ChannelSettings


def groups_for(kept: ChannelSettings) -> list[Group]:
    """The groups that can be chosen for a connection."""
    active = groups.active()
    others = (kept.groups | set(kept.routes.values())) - {group.id for group in active}
    return [*active, *db.session().scalars(select(Group).where(Group.id.in_(others)).order_by(Group.name))]


def agents_for(kept: ChannelSettings) -> list[Agent]:
    """The agents who can be chosen for a connection."""
    active = agents.active()
    others = kept.agents - {agent.id for agent in active}
    return [*active, *db.session().scalars(select(Agent).where(Agent.id.in_(others)).order_by(Agent.name))]


def names(model: type[Agent | Group], ids: Iterable[int]) -> dict[int, str]:
    """What these agents or groups are called, in the order of their names."""
    query = select(model.id, model.name).where(model.id.in_(ids)).order_by(model.name)
    return {row.id: row.name for row in db.session().execute(query)}
