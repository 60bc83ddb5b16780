"""The audit log: every change in the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, UtcDateTime


class AuditEntry(Model):
    """Somebody changed one field of something in the settings.

    `agent_id` is empty where nobody was signed in; `by` says who or what it was then. `kind` and `what` name the thing
    that was changed, as it was called at that moment.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_of_thing", "kind", "thing_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    by: Mapped[str] = mapped_column(String(120), default="")
    kind: Mapped[str] = mapped_column(String(32))
    thing_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[Any] = mapped_column(JSON)
    after: Mapped[Any] = mapped_column(JSON)
