"""What happens in the simulated Chatra when somebody speaks: messages, and the webhooks that tell of them."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.vendors.chatra import wire
from tests.vendors.chatra.store import Agent, Client, Message, Store
from tests.vendors.chatra.wire import Json, Switches


class Chats:
    """The behaviour behind the REST API, the visitor's page and the tests (chatra.md §9.7, §9.8)."""

    def __init__(self, store: Store, switches: Switches, send: Callable[[str, Json], None]) -> None:
        self.store = store
        self.switches = switches
        self._send = send

    def visitor_says(self, client: Client, text: str) -> Message:
        """Add a visitor's message: the first starts the chat, later ones are fragments."""
        with self.store.lock:
            event = "chatFragment" if client.spoken_at < math.inf else self.switches.resumed
            event = event if client.started else "chatStarted"
            client.started = True
            return self._say(event, client, Message(client.id, "client", text, self._now()))

    def agent_says(
        self, client: Client, agent: Agent, text: str, *, received_from: str = "", pushed: bool = False
    ) -> Message:
        """Add an agent's message; before an agent's first one a system line tells that somebody joined."""
        with self.store.lock:
            if agent not in client.agents:
                client.agents.append(agent)
                words = f"{agent.name} joined" if self.switches.joined == "words" else ""
                self._say("chatFragment", client, Message(client.id, "system", words, self._now()))
            message = Message(client.id, "agent", text, self._now(), agent, received_from, pushed)
            return self._say("chatFragment", client, message)

    def send_transcripts(self) -> None:
        """Send the transcript of every chat that has been quiet for long enough."""
        with self.store.lock:
            for client in self.store.clients.values():
                if client.spoken_at + self.switches.idle_seconds <= self.store.now():
                    client.spoken_at = math.inf
                    self._tell("chatTranscript", client, self.store.messages_of(client.id))

    def _say(self, event: str, client: Client, message: Message) -> Message:
        self.store.messages.append(message)
        client.spoken_at = self.store.now()
        self._tell(event, client, [message])
        return message

    def _tell(self, event: str, client: Client, messages: list[Message]) -> None:
        self._send(event, wire.hook(event, client, messages, self.switches))

    def _now(self) -> int:
        return int(self.store.now() * 1000)
