"""Agents' statuses: what an agent handles at the moment, and how long they did so (product.md §4.1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, UtcDateTime


class StatusKind(StrEnum):
    """The built-in statuses, which every desk has once, and the desk's own ones."""

    ONLINE = "online"
    OFFLINE = "offline"
    WITHOUT_CHATS = "without_chats"
    CUSTOM = "custom"


class Handling(StrEnum):
    """What an agent does with cases, or with active chats, while they are in a status."""

    HANDLE = "handle"
    VIEW = "view"
    NONE = "none"


class AgentStatus(Model):
    """A status that agents may choose.

    `returns`: who went offline because their connection was gone is back in this status with their next connection.
    `daily_minutes` is the longest time that an agent may spend in it each day, empty for no limit.
    """

    __tablename__ = "agent_status"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(60))
    cases: Mapped[str] = mapped_column(String(8))
    chats: Mapped[str] = mapped_column(String(8))
    returns: Mapped[bool] = mapped_column(default=True)
    daily_minutes: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)


class StatusSpan(Model):
    """An agent was in a status from then to then; the present one has no end."""

    __tablename__ = "status_span"
    __table_args__ = (
        Index("ix_status_span_of_agent", "agent_id", "ended_at"),
        Index(
            "uq_status_span_present",
            "agent_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    status_id: Mapped[int] = mapped_column(ForeignKey("agent_status.id"))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
