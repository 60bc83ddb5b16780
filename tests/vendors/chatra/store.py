"""What the simulated Chatra remembers."""

from __future__ import annotations

import math
import random
import string
import threading
import time
from dataclasses import dataclass, field
from typing import Any

_ID_LETTERS = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
# What agents may change and every contact form asks for (chatra.md §1.8).
CONTACT = ("name", "email", "phone", "notes")
_CLIENT_LETTERS = string.digits + string.ascii_lowercase


def new_id() -> str:
    """Return an id for anything but a visitor (chatra.md §1.2)."""
    return "".join(random.choices(_ID_LETTERS, k=17))


def new_client_id() -> str:
    """Return an id for an anonymous visitor (chatra.md §1.2)."""
    return "".join(random.choices(_CLIENT_LETTERS, k=39))


@dataclass
class Agent:
    """Somebody who answers. A dummy was made up by an API call (chatra.md §1.4)."""

    name: str
    email: str
    dummy: bool = False
    group_id: str = ""
    id: str = field(default_factory=new_id)
    online_until: float = 0.0


@dataclass
class Client:
    """A visitor. `basic` is what agents edited, `integration` what the site passed (chatra.md §1.7).

    `form` are the answers to a contact form's own fields, by their Property key, or by an id where they have none.
    `spoken_at` is when the chat was last heard of, in seconds; infinite while nothing has to be closed.
    """

    id: str
    display_name: str
    last_visit: int
    chat_id: str = field(default_factory=new_id)
    basic: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(CONTACT))
    integration: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    group_id: str = ""
    agents: list[Agent] = field(default_factory=list)
    started: bool = False
    spoken_at: float = math.inf


@dataclass
class Message:
    """One message of a chat. `at` is in milliseconds."""

    client_id: str
    type: str
    text: str
    at: int
    agent: Agent | None = None
    received_from: str = ""
    pushed: bool = False
    id: str = field(default_factory=new_id)


class Store:
    """All agents, visitors and messages, with a clock that can be put forward. Hold `lock` while changing things."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.agents: list[Agent] = []
        self.clients: dict[str, Client] = {}
        self.messages: list[Message] = []
        self._ahead = 0.0

    def now(self) -> float:
        """Return the time in seconds."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += seconds

    def visitor(self, client_id: str | None = None) -> Client:
        """Return the visitor, new if unknown; None is an anonymous newcomer, any other id one that a site bound."""
        with self.lock:
            client_id = client_id or new_client_id()
            newcomer = Client(client_id, f"Visitor {len(self.clients) + 1}", int(self.now() * 1000))
            return self.clients.setdefault(client_id, newcomer)

    def agent(self, *, id: str = "", email: str = "") -> Agent | None:
        """Return the agent with this id or e-mail address."""
        return next(
            (agent for agent in self.agents if (id and agent.id == id) or (email and agent.email == email)), None
        )

    def add_agent(self, name: str, email: str, *, dummy: bool = False, group_id: str = "") -> Agent:
        """Add an agent."""
        with self.lock:
            agent = Agent(name, email, dummy, group_id)
            self.agents.append(agent)
            return agent

    def message(self, message_id: str, *, pushed: bool) -> Message | None:
        """Return the message with this id, if it is of the asked sort."""
        return next((found for found in self.messages if found.id == message_id and found.pushed == pushed), None)

    def messages_of(self, client_id: str) -> list[Message]:
        """Return a visitor's messages, oldest first."""
        with self.lock:
            return [message for message in self.messages if message.client_id == client_id]
