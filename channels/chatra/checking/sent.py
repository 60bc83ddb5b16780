"""A message of the check, and what tells it from all others."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from channels.base import Change, Outbound
from channels.chatra.values import Json, text

WORDS = "Deskbell is checking its connection. Please ignore this message."


@dataclass
class Sent:
    """A message that is to be sent. `id` is empty until Chatra has taken it and named one, `at` the monotonic time.

    Its text holds a mark of its own, by which it is known in the webhooks whatever id it has there.
    """

    item: Outbound
    mark: str
    id: str = ""
    at: float = field(default_factory=time.monotonic)
    gone: bool = False

    @property
    def edited(self) -> str:
        """Its words after the edit."""
        return f"{WORDS} ({self.mark}, edited)"

    @property
    def change(self) -> Change:
        """Its edit."""
        return Change(self.item.conversation, self.id, self.edited, by_agent=bool(self.item.agent_email))

    @property
    def path(self) -> str:
        """Where Chatra has it (chatra.md §1.3)."""
        return f"/{'messages' if self.item.agent_email else 'pushedMessages'}/{quote(self.id, safe='')}"


def new(item: Outbound) -> Sent:
    """A message to this visitor with words of its own."""
    mark = secrets.token_hex(4)
    return Sent(replace(item, text=f"{WORDS} ({mark})"), mark)


def words(entry: Json) -> str:
    """All words of a raw message."""
    return " ".join(text(entry.get(key)) for key in ("text", "message"))
