"""Streams: the row that is locked to keep one conversation in order."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Model


def stream_key(channel_id: int, conversation: str) -> str:
    """The order key of a conversation."""
    return f"channel:{channel_id}:{conversation}"


class Stream(Model):
    """One conversation of one channel; it holds nothing but its lock."""

    __tablename__ = "stream"

    key: Mapped[str] = mapped_column(String(260), primary_key=True)
