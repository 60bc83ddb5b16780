"""Agents: the people who answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from .access import Access
from .base import EncryptedText, Model, UtcDateTime

_KNOWN = text("deleted_at IS NULL")


class Agent(Model):
    """Someone who signs in. `email` is the login, stored case-folded; whoever comes after a deleted agent may have it.

    `status_id` is empty until the first sign-in, which counts as offline. `returns_to_id` is the status that a lost
    connection has taken from them. `keeps_status`: a sign-in leaves the status as it was left. `heir_id` is who takes
    over from an agent who has left.

    `role_id` is the preset that the agent follows. `avatar` names the stored picture, empty for initials.
    `sealed_totp` is the key of the second factor, `totp_step` the step of the last code that was accepted: none counts
    twice. `capacity` is how many chats the agent is given at once, empty for the desk's usual number, and `given_at`
    when they were given one last. `notifications` is read by `services.alerts.notifications`.
    """

    __tablename__ = "agent"
    __table_args__ = (Index("uq_agent_login", "email", unique=True, sqlite_where=_KNOWN, postgresql_where=_KNOWN),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    access: Mapped[str] = mapped_column(String(16), default=Access.FULL, server_default=Access.FULL)
    language: Mapped[str] = mapped_column(String(8), default="")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signature: Mapped[str] = mapped_column(Text, default="", server_default="")
    heir_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_id: Mapped[int | None] = mapped_column(ForeignKey("agent_status.id"))
    returns_to_id: Mapped[int | None] = mapped_column(ForeignKey("agent_status.id"))
    keeps_status: Mapped[bool] = mapped_column(default=False, server_default=false())
    connected_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    role_id: Mapped[int | None] = mapped_column(ForeignKey("role.id"))
    avatar: Mapped[str] = mapped_column(String(80), default="", server_default="")
    sealed_totp: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    capacity: Mapped[int | None]
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    notifications: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
