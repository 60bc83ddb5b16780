"""Agents: the people who answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from .access import Access
from .base import Model, UtcDateTime


class Agent(Model):
    """Someone who signs in. `email` is the login, stored case-folded.

    `status_id` is empty until the first sign-in, which counts as offline. `returns_to_id` is the status that a lost
    connection has taken from them. `keeps_status`: a sign-in leaves the status as it was left. `heir_id` is who takes
    over from an agent who has left.
    """

    __tablename__ = "agent"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    access: Mapped[str] = mapped_column(String(16), default=Access.FULL, server_default=Access.FULL)
    language: Mapped[str] = mapped_column(String(8), default="")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    session_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signature: Mapped[str] = mapped_column(Text, default="", server_default="")
    heir_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_id: Mapped[int | None] = mapped_column(ForeignKey("agent_status.id"))
    returns_to_id: Mapped[int | None] = mapped_column(ForeignKey("agent_status.id"))
    keeps_status: Mapped[bool] = mapped_column(default=False, server_default=false())
    connected_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
