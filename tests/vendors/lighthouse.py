"""Lighthouse, a vendor that exists in tests alone: all it can do is show who is available.

It keeps a journal in a file, so that workers in processes of their own tell the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from channels.base import (
    Capabilities,
    ChannelError,
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
from channels.registry import KINDS
from extensions import db
from models import Agent, Channel
from services.exchange import channels
from services.team import groups

TTL = 600


@dataclass(frozen=True)
class LighthouseAdapter:
    """One lighthouse. Its credentials name the journal."""

    connection: Connection = field(repr=False)
    http: HttpClient = field(repr=False)
    base_url: str

    kind: ClassVar[str] = "lighthouse"
    family: ClassVar[str] = "live_chat"
    title: ClassVar[str] = "Lighthouse"
    capabilities: ClassVar[Capabilities] = Capabilities(presence=True, presence_ttl=TTL)
    faults: ClassVar[list[ChannelError]] = []

    def verify(self, delivery: Delivery) -> None:
        """Raise `Rejected`: nobody writes through a lighthouse."""
        raise Rejected("The lighthouse takes no deliveries.")

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
        """Return nothing."""
        return {}

    def perform(self, item: Outbound) -> Receipt:
        """Take it."""
        return Receipt()

    def show_presence(self, presence: Presence) -> None:
        """Write it down; the next fault comes before."""
        if self.faults:
            raise self.faults.pop(0)
        line = [presence.agent.email, presence.available, sorted(one.name for one in presence.shown)]
        with Path(self.connection.credentials["journal"]).open("a") as journal:
            journal.write(json.dumps(line) + "\n")

    def connect(self) -> None:
        """Succeed."""


@dataclass(frozen=True)
class Lighthouse:
    """The vendor as a test sees it."""

    journal: Path
    channel_id: int

    @property
    def channel(self) -> Channel:
        """Its channel, fresh."""
        db.session.rollback()
        return db.session.get_one(Channel, self.channel_id, populate_existing=True)

    def told(self, agent: Agent) -> list[bool]:
        """What it was told of an agent's address, in order."""
        return [is_available for email, is_available, _ in self._lines() if email == agent.email]

    def shown(self) -> list[list[str]]:
        """Whom each call said are to be shown, by name."""
        return [names for _, _, names in self._lines()]

    def calls(self) -> list[tuple[str, bool]]:
        """All it was told, in order."""
        return [(email, is_available) for email, is_available, _ in self._lines()]

    def will_fail(self, *errors: ChannelError) -> None:
        """Let its next calls fail."""
        LighthouseAdapter.faults.extend(errors)

    def forget(self) -> None:
        """Begin a new journal."""
        self.journal.write_text("")

    def _lines(self) -> list[tuple[str, bool, list[str]]]:
        text = self.journal.read_text() if self.journal.exists() else ""
        return [tuple(json.loads(line)) for line in text.splitlines()]


def know_it(patch: pytest.MonkeyPatch) -> None:
    """Let this process know the kind of channel."""
    patch.setitem(KINDS, LighthouseAdapter.kind, LighthouseAdapter)
    patch.setitem(channels._capabilities, LighthouseAdapter.kind, LighthouseAdapter.capabilities)


@contextmanager
def connected(folder: Path) -> Iterator[Lighthouse]:
    """A lighthouse that has just been connected to the first group."""
    with pytest.MonkeyPatch.context() as patch:
        know_it(patch)
        patch.setattr(LighthouseAdapter, "faults", [])
        journal = folder / "lighthouse"
        channel = channels.connect(
            kind=LighthouseAdapter.kind,
            family=LighthouseAdapter.family,
            name="Lighthouse",
            group=groups.first(),
            credentials={"journal": str(journal)},
        )
        yield Lighthouse(journal, channel.id)
