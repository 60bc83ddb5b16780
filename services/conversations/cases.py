"""Cases: the list of those that are no active chats, and what a case's page shows beside the thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from extensions import db
from models import Agent, Case, Channel, Customer, Group, Identity
from services import access

PAGE = 60
LATEST_CASES = 5
MOST_COUNTED = 1000


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
    channel_family: str
    channel_name: str
    updated_at: datetime


@dataclass(frozen=True)
class Wanted:
    """Which cases: of a status, of a family of channels such as "live_chat", or of one connection; empty for all."""

    status: str = ""
    family: str = ""
    channel_id: int = 0


EVERYTHING = Wanted()


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


# In the order of the fields of CaseRow; built once, because building costs more than running it.
_COLUMNS = (
    select(
        Case.id,
        Customer.id,
        Customer.name,
        Case.subject,
        Case.last_words,
        Case.status,
        Group.name,
        func.coalesce(Agent.name, ""),
        Channel.kind,
        Channel.family,
        Channel.name,
        Case.updated_at,
    )
    .join(Customer, Customer.id == Case.customer_id)
    .join(Group, Group.id == Case.group_id)
    .join(Channel, Channel.id == Case.channel_id)
    .outerjoin(Agent, Agent.id == Case.assignee_id)
)
_LATEST_FIRST = _COLUMNS.where(~Case.active).order_by(Case.updated_at.desc(), Case.id.desc())


def ended(agent: Agent, wanted: Wanted = EVERYTHING, *, after: Cursor | None = None, size: int = PAGE) -> Page:
    """The cases that the agent may see and that are no active chats, last changed first."""
    query = _LATEST_FIRST.where(*_scope(agent, wanted))
    if after is not None:
        same_time = and_(Case.updated_at == after.updated_at, Case.id < after.id)
        query = query.where(or_(Case.updated_at < after.updated_at, same_time))
    found = _rows(query.limit(size + 1))
    more = len(found) > size
    rows = found[:size]
    return Page(rows, Cursor(rows[-1].updated_at, rows[-1].id) if more else None)


def count(agent: Agent, wanted: Wanted = EVERYTHING) -> int:
    """How many there are of these; beyond `MOST_COUNTED` nobody counts on."""
    some = select(Case.id).join(Channel, Channel.id == Case.channel_id).where(~Case.active, *_scope(agent, wanted))
    return db.session().scalar(select(func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery())) or 0


def of_customer(agent: Agent, customer_id: int, *, but: int) -> list[CaseRow]:
    """The customer's latest other cases that the agent may see."""
    query = _COLUMNS.where(Case.customer_id == customer_id, Case.id != but, access.visible_cases(agent))
    return _rows(query.order_by(Case.id.desc()).limit(LATEST_CASES))


def identity(case: Case) -> Identity | None:
    """What the case's channel knows about its customer."""
    wanted = (Identity.channel_id == case.channel_id, Identity.customer_id == case.customer_id)
    return db.session().scalar(select(Identity).where(*wanted).order_by(Identity.id.desc()).limit(1))


def _scope(agent: Agent, wanted: Wanted) -> list[ColumnElement[bool]]:
    scope = [access.visible_cases(agent)]
    if wanted.status:
        scope.append(Case.status == wanted.status)
    if wanted.family:
        scope.append(Channel.family == wanted.family)
    if wanted.channel_id:
        scope.append(Case.channel_id == wanted.channel_id)
    return scope


def _rows(query: Select[*tuple[Any, ...]]) -> list[CaseRow]:
    return [CaseRow(*found) for found in db.session().execute(query)]
