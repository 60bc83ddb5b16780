"""The adapter of our own website chat: it tells what the widget can do and has no vendor to talk to."""

# ruff: noqa: ARG002 (the contract gives every channel the same arguments; this one needs few of them)
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from channels.base import (
    Capabilities,
    Change,
    Connection,
    Delivery,
    Fetch,
    Inbound,
    Outbound,
    Presence,
    Receipt,
    Rejected,
)
from channels.http import HttpClient


@dataclass(frozen=True)
class WidgetAdapter:
    """One website chat. Built like every adapter, though it calls nobody."""

    connection: Connection = field(repr=False)
    http: HttpClient = field(repr=False)
    base_url: str

    kind: ClassVar[str] = "widget"
    family: ClassVar[str] = "live_chat"
    title: ClassVar[str] = "Website chat"
    capabilities: ClassVar[Capabilities] = Capabilities(
        own_socket=True, typing=True, files=True, presence=True, edit=True, idempotent_sends=True
    )

    def verify(self, delivery: Delivery) -> None:
        """Raise `Rejected`: visitors speak to the widget's own pages, so no delivery can be genuine."""
        raise Rejected("The website chat takes no deliveries.")

    def key(self, delivery: Delivery) -> str:
        """Return the delivery's nonce."""
        return delivery.nonce

    def conversation(self, delivery: Delivery) -> str:
        """Return no conversation."""
        return ""

    def parse(self, delivery: Delivery) -> list[Inbound]:
        """Return nothing."""
        return []

    def fetch(self, what: Fetch) -> dict[str, Any]:
        """Return nothing: everything about the visitor is already here."""
        return {}

    def perform(self, item: Outbound) -> Receipt:
        """Take note at once: the message reaches the visitor when it is stored."""
        return Receipt()

    def event(self, delivery: Delivery) -> str:
        """Return nothing: there are no deliveries."""
        return ""

    def edit(self, change: Change) -> None:
        """Do nothing: the visitor's page hears of it from the desk."""

    def delete(self, change: Change) -> None:
        """Do nothing: the visitor's page hears of it from the desk."""

    def show_presence(self, presence: Presence) -> None:
        """Do nothing: the widget asks the desk itself who is available."""

    def connect(self) -> None:
        """Succeed: there are no keys to check."""
