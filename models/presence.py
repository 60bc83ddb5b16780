"""Presence: what a vendor is to show of an agent, and what it was told last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model, UtcDateTime


class Presence(Model):
    """Whether an agent is available in a channel whose vendor shows that.

    `available` holds since `since`; `told` is what the vendor was told last and `told_at` when. `told` is empty while
    nobody knows what it shows. `email` is the address under which it was told: the agent's own may have changed since.
    `due_at` is when it is to be told (again). Until `claimed_until` somebody is telling it, since `tried_at`.
    `failures` counts the attempts in vain since the last success and `result` says in words how the last one ended.
    """

    __tablename__ = "presence"
    __table_args__ = (Index("ix_presence_due", "due_at"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    available: Mapped[bool] = mapped_column(default=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[bool | None]
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    result: Mapped[str] = mapped_column(String(500), default="")
