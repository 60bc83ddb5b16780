"""Access levels: which cases an agent may see, by group and by channel icon (product.md §4.2)."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class Access(StrEnum):
    """How much of the desk an agent sees."""

    FULL = "full"
    GROUPS = "groups"
    LIMITED = "limited"
    VIEW_ONLY = "view-only"


class AgentGroup(Model):
    """A group whose cases an agent with access by groups may see."""

    __tablename__ = "agent_group"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"), primary_key=True, index=True)


class ChannelOff(Model):
    """A family of channels that is switched off for an agent: in one group, or everywhere where `group_id` is empty."""

    __tablename__ = "channel_off"
    __table_args__ = (
        Index("uq_channel_off_in_group", "agent_id", "group_id", "family", unique=True),
        Index(
            "uq_channel_off_everywhere",
            "agent_id",
            "family",
            unique=True,
            sqlite_where=text("group_id IS NULL"),
            postgresql_where=text("group_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    family: Mapped[str] = mapped_column(String(32))
