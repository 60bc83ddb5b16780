"""Channels: the connections through which customers write."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import EncryptedText, Model, UtcDateTime
from .group import Group


class Channel(Model):
    """One connected channel. `kind` names its adapter; `hook_hash` finds it by the token in a webhook's address.

    `state`: connected, broken (the vendor refuses our keys) or off (switched off for a while: what comes waits).
    A channel that was disconnected stays for the sake of its cases, without keys and without an address; `chats_end` is
    what its active chats end with, until all that it leaves behind is done with.
    `failures` counts the calls that have failed one after the other; until `paused_until` no further one is made.
    Nor is any until `quiet_until`, because the vendor asked for that.
    """

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    family: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16), default="connected")
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sealed_credentials: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    sealed_hook_token: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    hook_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quiet_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disconnected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    chats_end: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    group: Mapped[Group] = relationship()

    @property
    def credentials(self) -> dict[str, str]:
        """The decrypted credentials."""
        return dict(json.loads(self.sealed_credentials or "{}"))


class WhenAway(StrEnum):
    """What a widget offers while nobody is there for a live chat."""

    FORM = "form"
    HIDE = "hide"
    ALWAYS = "always"


class Widget(Model):
    """The button and panel that a site embeds; `key` stands in the snippet and is no secret."""

    __tablename__ = "widget"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    allowed_sites: Mapped[list[str]] = mapped_column(JSON, default=list)
    colour: Mapped[str] = mapped_column(String(7), default="#0f766e")
    title: Mapped[str] = mapped_column(String(80), default="")
    when_away: Mapped[str] = mapped_column(String(8), default=WhenAway.FORM, server_default=WhenAway.ALWAYS)

    channel: Mapped[Channel] = relationship(lazy="joined", innerjoin=True)
