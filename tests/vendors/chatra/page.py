"""The made-up side of the simulator, all under /__sim/: a visitor's page, presence, a connect page (chatra.md §9.10).

None of this is Chatra's: how its widget talks, how it takes presence and how it connects is not known.
"""

from __future__ import annotations

from flask import Flask, Response, abort, render_template, request

from tests.vendors.chatra.chats import Chats
from tests.vendors.chatra.rest import Keys
from tests.vendors.chatra.store import Client
from tests.vendors.chatra.wire import Json, display_name


class Page:
    """What a visitor's browser and a tester need. Until somebody reports presence, nobody's is known."""

    def __init__(self, chats: Chats, keys: Keys, seats: int) -> None:
        self._chats = chats
        self._store = chats.store
        self._keys = keys
        self._seats = seats
        self._presence_known = False

    def install(self, app: Flask) -> None:
        """Add the pages to an app."""
        for path, view, method in (
            ("", self.shop, "GET"),
            ("visitors", self.add_visitor, "POST"),
            ("visitors/<path:id>", self.visitor, "GET"),
            ("visitors/<path:id>", self.change_visitor, "PUT"),
            ("messages/<path:id>", self.visitor_says, "POST"),
            ("agents/<email>/presence", self.set_presence, "POST"),
            ("connect", self.ask_to_connect, "GET"),
            ("connect", self.connect, "POST"),
        ):
            app.add_url_rule(f"/__sim/{path}", view.__name__, view, methods=[method])
        app.after_request(_allow_any_site)

    def shop(self) -> str:
        """Show a page of a shop that uses the widget."""
        return render_template("shop.html", public_key=self._keys.public)

    def add_visitor(self) -> Json:
        """Know a visitor by the site's own id or a new one. The page must show the account's public key."""
        body = _body()
        if body.get("ChatraID") != self._keys.public:
            abort(403, "unknown ChatraID")
        client = self._store.visitor(body.get("clientId"))
        client.last_visit = int(self._store.now() * 1000)
        return {"id": client.id}

    def change_visitor(self, id: str) -> Json:
        """Set what the site passes about the visitor, the group of agents it wants, and the contact form's answers."""
        client, body = self._client(id), _body()
        with self._store.lock:
            if "integrationData" in body:
                client.integration = dict(body["integrationData"] or {})
            if "groupId" in body:
                client.group_id = str(body["groupId"] or "")
            if "form" in body:
                client.form = {key: value for key, value in dict(body["form"] or {}).items() if value}
        return {}

    def visitor(self, id: str) -> Json:
        """Return what the widget shows."""
        client = self._client(id)
        spoken = [message for message in self._store.messages_of(id) if message.type != "system"]
        return {
            "name": display_name(client),
            "online": self._online() > 0 or not self._presence_known,
            "messages": [
                {
                    "id": message.id,
                    "type": message.type,
                    "text": message.text,
                    "at": message.at,
                    "author": message.agent.name if message.agent else "",
                }
                for message in spoken
            ],
        }

    def visitor_says(self, id: str) -> Json:
        """Let the visitor write."""
        text = str(_body().get("text", "")).strip()
        if not text:
            abort(400, "text is missing")
        return {"id": self._chats.visitor_says(self._client(id), text).id}

    def set_presence(self, email: str) -> Json:
        """Show an agent online for some minutes, or offline; no more agents than seats are shown (chatra.md §5)."""
        agent = self._store.agent(email=email) or abort(404, "no such agent")
        body = _body()
        minutes = float(body.get("minutes", 3)) if body.get("online") else 0.0
        agent.online_until = self._store.now() + 60 * minutes
        self._presence_known = True
        return {"online": self._online()}

    def ask_to_connect(self) -> str:
        """Show the question of a pop-up window; Chatra's own pop-up is not known (chatra.md §4)."""
        return render_template("connect.html", name=request.args.get("name", ""), back=request.args.get("back", ""))

    def connect(self) -> str:
        """Add an agent named after the integration and hand the keys to the address that asked."""
        name, back = request.form["name"], request.form["back"]
        self._store.add_agent(name, "integration@chatra.example", dummy=True)
        return render_template("connected.html", name=name, back=back, keys=self._keys)

    def _client(self, client_id: str) -> Client:
        return self._store.clients.get(client_id) or abort(404, "no such visitor")

    def _online(self) -> int:
        online = [agent for agent in self._store.agents if agent.online_until > self._store.now()]
        return min(len(online), self._seats)


def _allow_any_site(answer: Response) -> Response:
    """Let the widget stand on any page."""
    if request.path.startswith("/__sim/"):
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT"
    return answer


def _body() -> Json:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}
