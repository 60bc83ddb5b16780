"""Which cases are listed, as the address says it: `?status=open&channel=live_chat`, or a connection's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from models import Channel, Status
from services.conversations.cases import Cursor, Wanted
from services.exchange import channels


@dataclass(frozen=True)
class Filter:
    """The chosen cases, and what may be chosen instead.

    Args:
        wanted: what was chosen.
        families: the families of channels that there are.
        connections: the connected channels, and a disconnected one if it was chosen.
    """

    wanted: Wanted
    families: tuple[str, ...]
    connections: tuple[Channel, ...]

    @property
    def channel(self) -> str:
        """The chosen family or connection, as the address names it."""
        return self.wanted.family or (str(self.wanted.channel_id) if self.wanted.channel_id else "")

    def address(self, *, status: str | None = None, channel: str | None = None, after: Cursor | None = None) -> str:
        """Where the list stands with this chosen otherwise and all else as it is."""
        parts = {
            "status": self.wanted.status if status is None else status,
            "channel": self.channel if channel is None else channel,
            "after": "" if after is None else str(after),
        }
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"/cases?{query}" if query else "/cases"


def chosen() -> Filter:
    """What the address of this request chooses; what it names and does not exist counts as not chosen."""
    status, channel = request.args.get("status", ""), request.args.get("channel", "")
    connections = channels.everything()
    if channel.isdecimal() and not _among(connections, channel):
        connections += _among(channels.disconnected(), channel)
    families = tuple(sorted({one.family for one in connections}))
    wanted = Wanted(
        status=status if status in list(Status) else "",
        family=channel if channel in families else "",
        channel_id=next((one.id for one in _among(connections, channel)), 0),
    )
    return Filter(wanted, families, tuple(connections))


def _among(connections: Sequence[Channel], number: str) -> list[Channel]:
    return [one for one in connections if str(one.id) == number]
