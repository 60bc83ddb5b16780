"""Who is available for live chats at this moment (product.md §3, §4.1).

An agent is available when their status lets them handle chats, they are connected, and their access reaches the
channel in the group.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, select

from extensions import db
from models import Agent
from services import access, clock

from . import statuses


def is_ready() -> ColumnElement[bool]:
    """The agents who handle chats now and are connected, whatever their access."""
    return and_(Agent.active, statuses.is_connected(clock.now()), statuses.handles_chats())


def is_available(family: str, group_id: int) -> ColumnElement[bool]:
    """The agents who are available for new chats of a channel family in a group."""
    return and_(is_ready(), access.takes_new_chats(family, group_id))


def agents(family: str, group_id: int) -> list[Agent]:
    """Those agents, by name."""
    query = select(Agent).where(is_available(family, group_id)).order_by(Agent.name, Agent.id)
    return list(db.session().scalars(query))


def anyone(family: str, group_id: int) -> bool:
    """Whether there is at least one of them."""
    return db.session().scalar(select(exists().where(is_available(family, group_id)))) is True
