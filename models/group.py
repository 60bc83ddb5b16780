"""Groups: the departments that cases belong to."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class Distribution(StrEnum):
    """How the chats of a group find an agent: by being taken, in turn, or by who has fewest."""

    NONE = "none"
    ROUND_ROBIN = "round_robin"
    LEAST_BUSY = "least_busy"


class Group(Model):
    """A department such as "Support". `from_name` is what customers read, empty for the name itself.

    A chat that was given to an agent and is not answered after `answer_seconds` is taken back, never where that is 0.
    `replacement_id` is the group that took over from one that is not in use any more.
    """

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    from_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True)
    distribution: Mapped[str] = mapped_column(String(16), default=Distribution.NONE, server_default=Distribution.NONE)
    answer_seconds: Mapped[int] = mapped_column(default=60, server_default="60")
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
