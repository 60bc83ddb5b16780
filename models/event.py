"""Events: what happened to a case, in order."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, UtcDateTime


class EventKind(StrEnum):
    """What may happen to a case."""

    MESSAGE_ADDED = "message_added"
    MESSAGE_CHANGED = "message_changed"
    CASE_MADE = "case_made"
    CHAT_STARTED = "chat_started"
    CHAT_REACTIVATED = "chat_reactivated"
    CHAT_TAKEN = "chat_taken"
    CHAT_RELEASED = "chat_released"
    CHAT_TRANSFERRED = "chat_transferred"
    CHAT_READ = "chat_read"
    CHAT_POSTPONED = "chat_postponed"
    CHAT_ENDED = "chat_ended"
    CASE_ASSIGNED = "case_assigned"
    GROUP_CHANGED = "group_changed"
    CUSTOMER_CHANGED = "customer_changed"


class Event(Model):
    """A change of a case. `published_at` is empty until agents and customer have been told."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_case", "case_id", "id"),
        Index(
            "ix_event_kept_back",
            "id",
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    rev: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
