"""The ten operations of Chatra's REST API and not one more (chatra.md §1.3, §9.1–§9.5)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, g, jsonify, request
from werkzeug.exceptions import HTTPException

from tests.vendors.chatra import wire
from tests.vendors.chatra.chats import Chats
from tests.vendors.chatra.faults import Faults, RestFault
from tests.vendors.chatra.store import CONTACT, Agent, Client, Message
from tests.vendors.chatra.wire import Json

LONGEST_TEXT = 5000


@dataclass(frozen=True)
class Keys:
    """An account's key pair, shaped like Chatra's (chatra.md §1.1) and plainly made up."""

    public: str = "FAKEPUBLICKEY0000"
    secret: str = "FAKESECRETKEY".ljust(48, "0")


@dataclass(frozen=True)
class Request:
    """A REST call that came in and how it was answered; the status is 0 where no answer was given."""

    method: str
    path: str
    body: Json
    status: int


class Rest:
    """The API of one account."""

    def __init__(self, chats: Chats, keys: Keys, faults: Faults) -> None:
        self.requests: list[Request] = []
        self._chats = chats
        self._store = chats.store
        self.pairs = [keys]
        self._faults = faults

    def install(self, app: Flask) -> None:
        """Add the operations to an app, each with and without a slash at its end."""
        app.url_map.strict_slashes = False
        for name, pushed in (("messages", False), ("pushedMessages", True)):
            post = self.push_message if pushed else self.post_message
            app.add_url_rule(f"/api/{name}/", f"post_{name}", post, methods=["POST"])
            for view in (self.get_message, self.put_message, self.delete_message):
                verb = view.__name__.partition("_")[0]
                defaults = {"pushed": pushed}
                app.add_url_rule(f"/api/{name}/<id>", f"{verb}_{name}", view, methods=[verb.upper()], defaults=defaults)
        app.add_url_rule("/api/clients/<path:id>", "get_client", self.get_client, methods=["GET"])
        app.add_url_rule("/api/clients/<path:id>", "put_client", self.put_client, methods=["PUT"])
        app.before_request(self._admit)
        app.after_request(self._record)
        app.register_error_handler(HTTPException, self._error)

    def post_message(self) -> Json:
        """Write as an agent; one whose e-mail address is unknown is created (chatra.md §1.4)."""
        body = _body()
        client = self._addressee(body)
        sender = str(body.get("receivedFrom") or "")
        message = self._chats.agent_says(client, self._author(body), str(body["text"]), received_from=sender)
        return wire.rest_message(message, self._chats.switches)

    def push_message(self) -> Json:
        """Write automatically: as the agent named, or any agent of the group named, or any (chatra.md §1.5)."""
        body = _body()
        client = self._addressee(body)
        group_id = body.get("groupId")
        candidates = [agent for agent in self._store.agents if not group_id or agent.group_id == group_id]
        if "agentId" in body:
            agent = self._store.agent(id=str(body["agentId"])) or abort(404, "no such agent")
        else:
            agent = random.choice(candidates) if candidates else abort(404, "no agent")
        message = self._chats.agent_says(client, agent, str(body["text"]), pushed=True)
        return wire.rest_message(message, self._chats.switches)

    def get_message(self, id: str, pushed: bool) -> Json:
        """Return one message, a visitor's or an agent's."""
        return wire.rest_message(self._message(id, pushed), self._chats.switches)

    def put_message(self, id: str, pushed: bool) -> Json:
        """Change the text of an agent's message."""
        message = self._agents_message(id, pushed)
        message.text = _text(_body())
        return wire.rest_message(message, self._chats.switches)

    def delete_message(self, id: str, pushed: bool) -> Json:
        """Delete an agent's message and return it (chatra.md §8)."""
        message = self._agents_message(id, pushed)
        with self._store.lock:
            self._store.messages.remove(message)
        return wire.rest_message(message, self._chats.switches)

    def get_client(self, id: str) -> Json:
        """Return a visitor."""
        return wire.rest_client(self._client(id), self._chats.switches)

    def put_client(self, id: str) -> Json:
        """Change what is passed, clear what is null (chatra.md §1.8)."""
        client, body = self._client(id), _body()
        with self._store.lock:
            client.basic |= {key: body[key] for key in CONTACT if key in body}
        return wire.rest_client(client, self._chats.switches)

    def _client(self, client_id: str) -> Client:
        clients = self._store.clients
        return clients.get(client_id) or clients.get(client_id.removesuffix("/")) or abort(404, "no such client")

    def _message(self, message_id: str, pushed: bool) -> Message:
        return self._store.message(message_id, pushed=pushed) or abort(404, "no such message")

    def _agents_message(self, message_id: str, pushed: bool) -> Message:
        message = self._message(message_id, pushed)
        return message if message.type == "agent" else abort(403, "not an agent's message")

    def _addressee(self, body: Json) -> Client:
        if not body.get("clientId"):
            abort(400, "clientId is missing")
        _text(body)
        return self._client(str(body["clientId"]))

    def _author(self, body: Json) -> Agent:
        if "agentId" in body:
            return self._store.agent(id=str(body["agentId"])) or abort(404, "no such agent")
        if not all(body.get(key) for key in ("agentEmail", "agentName", "receivedFrom")):
            abort(400, "neither agentId nor agentEmail, agentName and receivedFrom")
        email = str(body["agentEmail"])
        return self._store.agent(email=email) or self._store.add_agent(str(body["agentName"]), email, dummy=True)

    def _admit(self) -> Response | None:
        """Let a fault happen and look at the keys, before anything else."""
        if not request.path.startswith("/api/"):
            return None
        g.fault = fault = self._faults.take() or RestFault()
        if fault.happens and not fault.comes_after:
            return self._fail(fault)
        known = {f"Chatra.Simple {keys.public}:{keys.secret}" for keys in self.pairs}
        if request.headers.get("Authorization") not in known:
            abort(401, "wrong keys")
        return None

    def _record(self, answer: Response) -> Response:
        if request.path.startswith("/api/"):
            fault: RestFault = g.fault
            status = fault.status if fault.happens else answer.status_code
            self.requests.append(Request(request.method, request.path, _body(), status))
            if fault.comes_after:
                return self._fail(fault)
        return answer

    def _fail(self, fault: RestFault) -> Response:
        """Answer something else than the usual, late, or not at all."""
        if fault.hang:
            self._faults.hold()
        if fault.hang or fault.cut:
            return Response(_BrokenOff())
        answer = Response(status=fault.status)
        answer.headers.update({"Retry-After": fault.retry_after} if fault.retry_after else {})
        return answer

    def _error(self, error: HTTPException) -> tuple[Response, int]:
        """Answer errors as JSON; a method that an address lacks is as unknown as an address (chatra.md §9.2)."""
        status = 404 if error.code == 405 else error.code or 500
        return jsonify(error=error.description), status


class _BrokenOff:
    """An answer that never begins: the connection is closed."""

    def __iter__(self) -> Iterator[bytes]:
        raise ConnectionAbortedError


def _body() -> Json:
    body: Any = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _text(body: Json) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEXT:
        abort(400, f"text must have 1 to {LONGEST_TEXT} characters")
    return text
