"""The audit log as it is read: newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import Agent, AuditEntry, Group, Role

from .audit import AUDITED

PAGE = 50
KINDS = tuple(sorted({audited.kind for audited in AUDITED.values()}))


@dataclass(frozen=True)
class Page:
    """One page; the next one begins behind the entry `next`, None on the last one."""

    entries: list[AuditEntry]
    next: int | None


@dataclass(frozen=True)
class Names:
    """What the things are called now whose ids stand in entries, those that have gone included."""

    agents: Mapping[int, str]
    groups: Mapping[int, str]
    roles: Mapping[int, str]


def entries(*, who: str = "", kind: str = "", after: int | None = None, size: int = PAGE) -> Page:
    """A page of the log.

    Args:
        who: an agent's id, or who it was where it was no agent; empty for everybody.
        kind: one of `KINDS`; empty for all.
        after: the last entry of the page before.
        size: how many entries.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(size + 1)
    if who:
        nobodys = AuditEntry.agent_id.is_(None) & (AuditEntry.by == who)
        query = query.where(AuditEntry.agent_id == int(who) if who.isdecimal() else nobodys)
    if kind:
        query = query.where(AuditEntry.kind == kind)
    if after is not None:
        query = query.where(AuditEntry.id < after)
    found = list(db.session().scalars(query))
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def actors() -> dict[str, str]:
    """Who stands in the log, as `entries` takes it, and how they are called: agents by their present name."""
    session = db.session()
    agents = select(Agent.id, Agent.name).where(Agent.id.in_(select(AuditEntry.agent_id))).order_by(Agent.name)
    others = select(AuditEntry.by).where(AuditEntry.agent_id.is_(None)).distinct().order_by(AuditEntry.by)
    return {str(id): name for id, name in session.execute(agents)} | {by: by for by in session.scalars(others)}


def names() -> Names:
    """What ids in entries stand for."""
    session = db.session()
    found = ({row.id: row.name for row in session.execute(select(of.id, of.name))} for of in (Agent, Group, Role))
    return Names(*found)
