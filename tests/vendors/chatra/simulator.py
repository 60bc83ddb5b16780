"""The simulator as tests use it."""

from __future__ import annotations

import threading
from typing import Self

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.vendors.chatra.chats import Chats
from tests.vendors.chatra.controls import EVENTS, Controls
from tests.vendors.chatra.faults import Faults
from tests.vendors.chatra.page import Page
from tests.vendors.chatra.rest import Keys, Request, Rest
from tests.vendors.chatra.store import Agent, Message, Store
from tests.vendors.chatra.webhooks import Courier, Parcel
from tests.vendors.chatra.wire import Switches


class ChatraSimulator:
    """A Chatra account with its visitors, on a loopback port of its own. Use as a context manager.

    Args:
        switches: how it words things.
        faults: what goes wrong.
        keys: the account's key pair.
        port: 0 for any free one.
        seats: how many agents may be shown online at once (chatra.md §5).
        lanes: how many webhooks may be under way at once.
    """

    def __init__(
        self,
        *,
        switches: Switches | None = None,
        faults: Faults | None = None,
        keys: Keys | None = None,
        port: int = 0,
        seats: int = 5,
        lanes: int = 1,
    ) -> None:
        self.switches = switches or Switches()
        self.faults = faults or Faults()
        self.keys = keys or Keys()
        self.webhooks: dict[str, str] = {}
        self.store = Store()
        self._courier = Courier(self.webhooks, self.faults, tick=self._tick, lanes=lanes)
        self.chats = Chats(self.store, self.switches, self._courier.send)
        self._rest = Rest(self.chats, self.keys, self.faults)
        self._server = make_server("127.0.0.1", port, self._app(seats), threaded=True, request_handler=_SilentHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def another_account(self) -> Keys:
        """The keys of one more account, whose visitors are those of the first."""
        keys = Keys(f"FAKEPUBLICKEY{len(self._rest.pairs):04}", self.keys.secret)
        self._rest.pairs.append(keys)
        return keys

    @property
    def home(self) -> str:
        """Address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Base address of the REST API."""
        return f"{self.home}/api"

    @property
    def agents(self) -> list[Agent]:
        """All agents, dummies included."""
        return self.store.agents

    @property
    def requests(self) -> list[Request]:
        """All REST calls, oldest first."""
        return self._rest.requests

    @property
    def deliveries(self) -> list[Parcel]:
        """All webhook deliveries in the order in which they came up, sent or not."""
        return self._courier.parcels

    def __enter__(self) -> Self:
        self._thread.start()
        self._courier.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.faults.released.set()
        self._courier.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def send_hooks_to(self, url: str) -> None:
        """Set one address for all three events."""
        self.webhooks.update(dict.fromkeys(EVENTS, url))

    def visitor_says(self, client_id: str | None, text: str, **site: object) -> Message:
        """Let a visitor write; None is a newcomer. `site` is what the page passes about the visitor (chatra.md §3)."""
        client = self.store.visitor(client_id)
        client.integration |= site
        return self.chats.visitor_says(client, text)

    def agent_says(
        self, client_id: str, text: str, *, email: str = "olga@chatra.example", name: str = "Olga"
    ) -> Message:
        """Let an agent write in Chatra's own application."""
        agent = self.store.agent(email=email) or self.store.add_agent(name, email)
        return self.chats.agent_says(self.store.visitor(client_id), agent, text)

    def pushes(self, client_id: str, text: str, *, email: str = "olga@chatra.example", name: str = "Olga") -> Message:
        """Let a bot write, in an agent's name (chatra.md §1.5)."""
        agent = self.store.agent(email=email) or self.store.add_agent(name, email)
        return self.chats.agent_says(self.store.visitor(client_id), agent, text, pushed=True)

    def messages(self, client_id: str) -> list[Message]:
        """Return a visitor's messages, oldest first."""
        return self.store.messages_of(client_id)

    def advance(self, seconds: float) -> None:
        """Put the clock forward; chats that have been quiet for long enough end."""
        self.store.advance(seconds)
        self._tick()

    def deliver_all(self, timeout: float = 10.0) -> None:
        """Wait until all webhooks are delivered. Raises `TimeoutError` after `timeout` seconds."""
        self._courier.drain(timeout)

    def serve(self) -> None:
        """Run until interrupted."""
        with self:
            self._thread.join()

    def _app(self, seats: int) -> Flask:
        app = Flask(__package__, static_url_path="/__sim/static")
        self._rest.install(app)
        Page(self.chats, self.keys, seats).install(app)
        Controls(self.chats, self.faults, self.webhooks).install(app)
        return app

    def _tick(self) -> None:
        self.chats.send_transcripts()


class _SilentHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Stay silent: pages poll each second."""
