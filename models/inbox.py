"""The inbox: what came in, raw, before anything is made of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, UtcDateTime


class InboxItem(Model):
    """One delivery. `state`: pending, done or aside (kept with its reason, to be replayed). `event`: the vendor's name.

    `applied` is how much of what it says has been applied: a large one is applied in slices.
    """

    __tablename__ = "inbox_item"
    __table_args__ = (
        UniqueConstraint("channel_id", "key"),
        Index("ix_inbox_item_log", "channel_id", "id"),
        Index(
            "ix_inbox_item_unapplied",
            "channel_id",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_inbox_item_pending",
            "stream",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_inbox_item_aside",
            "channel_id",
            "id",
            sqlite_where=text("state = 'aside'"),
            postgresql_where=text("state = 'aside'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    stream: Mapped[str] = mapped_column(String(260))
    key: Mapped[str] = mapped_column(String(120))
    fetched: Mapped[bool] = mapped_column(default=False)
    event: Mapped[str] = mapped_column(String(80), default="", server_default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    reason: Mapped[str] = mapped_column(String(500), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0, server_default="0")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
