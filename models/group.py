"""Groups: the departments that cases belong to."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


class Group(Model):
    """A department such as "Support". `from_name` is what customers read, empty for the name itself.

    `replacement_id` is the group that took over from one that is not in use any more.
    """

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    from_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True)
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
