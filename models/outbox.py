"""The outbox: what is owed to a vendor."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model, UtcDateTime
from .case import Message


class Verb(StrEnum):
    """What the vendor is to do."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"


class OutboxItem(Model):
    """One call that is owed: a message, or a part of one that was too long for the vendor, its edit or deletion.

    `state`: ready, sending, done, failed, awaiting (it may have arrived: the vendor will show it to us, if so),
    unknown (it did not) or withdrawn (nobody wants it any more). `text` and `files` (their public ids) are what is sent
    of the message, `external_id` the vendor's id of it, `reason` why a call did not work out. `shown_as` is the id that
    was made up for it where the vendor has shown it without one; nothing can be asked for by that.
    """

    __tablename__ = "outbox_item"
    __table_args__ = (
        Index("ix_outbox_item_stream", "stream", "id"),
        Index("ix_outbox_item_log", "channel_id", "id"),
        Index(
            "ix_outbox_item_unsettled",
            "channel_id",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index(
            "ix_outbox_item_trouble",
            "channel_id",
            "id",
            sqlite_where=text("state IN ('failed', 'unknown')"),
            postgresql_where=text("state IN ('failed', 'unknown')"),
        ),
        Index(
            "ix_outbox_item_owed",
            "stream",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    stream: Mapped[str] = mapped_column(String(260))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    verb: Mapped[str] = mapped_column(String(8), default=Verb.SEND, server_default=Verb.SEND)
    part: Mapped[int] = mapped_column(default=0, server_default="0")
    text: Mapped[str] = mapped_column(Text, default="", server_default="")
    files: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    external_id: Mapped[str] = mapped_column(String(200), default="", server_default="")
    shown_as: Mapped[str] = mapped_column(String(200), default="", server_default="")
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    state: Mapped[str] = mapped_column(String(16), default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    message: Mapped[Message] = relationship()
