"""The list of active chats: read as columns, the same row for everyone; browsers file it under New, Mine, Others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, select

from extensions import db
from models import Agent, Case, Channel, Customer, Distribution, Group
from services import access

MOST_ROWS = 2000


@dataclass(frozen=True)
class ChatRow:
    """One active chat. `owner_id` is 0 while nobody has it, `customer_name` empty for one who gave none.

    `is_given_away`: its group gives chats to agents by itself.
    """

    id: int
    rev: int
    customer_id: int
    customer_name: str
    group_name: str
    is_given_away: bool
    channel_kind: str
    channel_name: str
    owner_id: int
    owner_name: str
    unread: int
    last_words: str
    last_author: str
    last_message_at: datetime
    waiting_since: datetime | None
    since: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class Counts:
    """What the green icon says: chats that nobody has, unread replies in one's own."""

    new: int
    replies: int


# Built once: every push asks for a row.
_COLUMNS: Select[*tuple[Any, ...]] = (
    select(
        Case.id,
        Case.rev,
        Customer.id.label("customer_id"),
        Customer.name.label("customer_name"),
        Group.name.label("group_name"),
        Group.distribution,
        Channel.kind.label("channel_kind"),
        Channel.name.label("channel_name"),
        Case.fixated_to_id,
        Agent.name.label("owner_name"),
        Case.unread,
        Case.last_words,
        Case.last_author,
        Case.last_message_at,
        Case.waiting_since,
        Case.started_at,
        Case.fixated_at,
        Case.ends_at,
    )
    .join(Customer, Customer.id == Case.customer_id)
    .join(Group, Group.id == Case.group_id)
    .join(Channel, Channel.id == Case.channel_id)
    .outerjoin(Agent, Agent.id == Case.fixated_to_id)
)


def rows(agent: Agent) -> list[ChatRow]:
    """Every active chat that the agent may see, the longest waiting first."""
    query = _COLUMNS.where(Case.active, access.visible_cases(agent)).order_by(Case.started_at, Case.id)
    return [_row(found) for found in db.session().execute(query.limit(MOST_ROWS))]


def row(case_id: int) -> ChatRow | None:
    """One active chat, or None once it has ended."""
    found = db.session().execute(_COLUMNS.where(Case.active, Case.id == case_id)).one_or_none()
    return None if found is None else _row(found)


def counts(agent: Agent) -> Counts:
    """The numbers on the green icon."""
    is_new = Case.fixated_to_id.is_(None)
    is_mine = Case.fixated_to_id == agent.id
    query = select(
        func.coalesce(func.sum(case((is_new, 1), else_=0)), 0),
        func.coalesce(func.sum(case((is_mine, Case.unread), else_=0)), 0),
    ).where(Case.active, access.visible_cases(agent))
    new, replies = db.session().execute(query).one()
    return Counts(int(new), int(replies))


def _row(found: Row[Any]) -> ChatRow:
    return ChatRow(
        id=found.id,
        rev=found.rev,
        customer_id=found.customer_id,
        customer_name=found.customer_name,
        group_name=found.group_name,
        is_given_away=found.distribution != Distribution.NONE,
        channel_kind=found.channel_kind,
        channel_name=found.channel_name,
        owner_id=found.fixated_to_id or 0,
        owner_name=found.owner_name or "",
        unread=found.unread,
        last_words=found.last_words,
        last_author=found.last_author,
        last_message_at=found.last_message_at,
        waiting_since=found.waiting_since,
        since=found.fixated_at or found.started_at,
        ends_at=found.ends_at,
    )
