"""Cases: the list of those that are no active chats, and what a case's page shows beside the thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select

from extensions import db
from models import Agent, Case, Channel, Customer, Group, Identity

from . import access

PAGE = 50
LATEST_CASES = 5


@dataclass(frozen=True)
class CaseRow:
    """One line of a list of cases. `customer_name` is empty for one who gave none."""

    id: int
    customer_id: int
    customer_name: str
    subject: str
    last_words: str
    status: str
    group_name: str
    assignee_name: str
    channel_kind: str
    updated_at: datetime


@dataclass(frozen=True)
class Cursor:
    """Where a page ends: the next one begins behind this case."""

    updated_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.updated_at.timestamp():.6f}-{self.id}"


@dataclass(frozen=True)
class Page:
    """One page of a list; `next` is None on the last one."""

    rows: list[CaseRow]
    next: Cursor | None


def ended(agent: Agent, *, status: str = "", after: Cursor | None = None, size: int = PAGE) -> Page:
    """The cases that the agent may see and that are no active chats, last changed first."""
    query = _columns().where(~Case.active, access.visible_cases(agent))
    if status:
        query = query.where(Case.status == status)
    if after is not None:
        same_time = and_(Case.updated_at == after.updated_at, Case.id < after.id)
        query = query.where(or_(Case.updated_at < after.updated_at, same_time))
    query = query.order_by(Case.updated_at.desc(), Case.id.desc()).limit(size + 1)
    found = [_row(row) for row in db.session().execute(query)]
    more = len(found) > size
    rows = found[:size]
    return Page(rows, Cursor(rows[-1].updated_at, rows[-1].id) if more else None)


def of_customer(agent: Agent, customer_id: int, *, but: int) -> list[CaseRow]:
    """The customer's latest other cases that the agent may see."""
    query = _columns().where(Case.customer_id == customer_id, Case.id != but, access.visible_cases(agent))
    return [_row(row) for row in db.session().execute(query.order_by(Case.id.desc()).limit(LATEST_CASES))]


def identity(case: Case) -> Identity | None:
    """What the case's channel knows about its customer."""
    wanted = (Identity.channel_id == case.channel_id, Identity.customer_id == case.customer_id)
    return db.session().scalar(select(Identity).where(*wanted).order_by(Identity.id.desc()).limit(1))


def _columns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Case.id,
            Customer.id.label("customer_id"),
            Customer.name.label("customer_name"),
            Case.subject,
            Case.last_words,
            Case.status,
            Group.name.label("group_name"),
            Agent.name.label("assignee_name"),
            Channel.kind.label("channel_kind"),
            Case.updated_at,
        )
        .join(Customer, Customer.id == Case.customer_id)
        .join(Group, Group.id == Case.group_id)
        .join(Channel, Channel.id == Case.channel_id)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
    )


def _row(found: Row[Any]) -> CaseRow:
    return CaseRow(
        id=found.id,
        customer_id=found.customer_id,
        customer_name=found.customer_name,
        subject=found.subject,
        last_words=found.last_words,
        status=found.status,
        group_name=found.group_name,
        assignee_name=found.assignee_name or "",
        channel_kind=found.channel_kind,
        updated_at=found.updated_at,
    )
