"""Notifications: the browsers that are woken when a chat waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import EncryptedText, Model, UtcDateTime


class PushSubscription(Model):
    """A browser that takes Web Push for an agent. The address is a secret: whoever has it may write to the browser."""

    __tablename__ = "push_subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    sign_in_id: Mapped[int | None] = mapped_column(ForeignKey("sign_in.id"))
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed_endpoint: Mapped[str] = mapped_column(EncryptedText)
    public_key: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str] = mapped_column(EncryptedText)
    browser: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
