"""What the simulator's tests say to it and read from it."""

from __future__ import annotations

import json
import urllib.request
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError, URLError

from tests.vendors.chatra import ChatraSimulator
from tests.vendors.receiver import Receiver

AUTHOR = {"agentEmail": "anna@desk.example", "agentName": "Anna", "receivedFrom": "deskbell"}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(
    chatra: ChatraSimulator, method: str, path: str, body: object = None, *, auth: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Call the simulator; returns status and body."""
    request = _request(chatra, method, path, body, auth)
    try:
        with DIRECT.open(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"{}")


def headers(chatra: ChatraSimulator, path: str) -> dict[str, str]:
    """The headers with which a refused GET is answered."""
    try:
        DIRECT.open(_request(chatra, "GET", path, None, None), timeout=10).close()
    except HTTPError as error:
        with error:
            return dict(error.headers)
    raise AssertionError("it was not refused")


def gets_no_answer(chatra: ChatraSimulator, method: str, path: str, body: object) -> bool:
    """Whether a call is cut off, or waits for more than a third of a second."""
    try:
        DIRECT.open(_request(chatra, method, path, body, None), timeout=0.3).close()
    except (RemoteDisconnected, TimeoutError):
        return True
    except URLError as error:
        return isinstance(error.reason, (RemoteDisconnected, TimeoutError))
    return False


def hooks(chatra: ChatraSimulator, receiver: Receiver) -> list[dict[str, Any]]:
    """The bodies of all webhooks that arrived."""
    chatra.deliver_all()
    return [received.json for received in receiver.received]


def spoken(bodies: list[dict[str, Any]]) -> list[str]:
    """The texts of webhooks that carry one message each."""
    return [str((body.get("message") or body["messages"][0])["text"]) for body in bodies]


def _request(chatra: ChatraSimulator, method: str, path: str, body: object, auth: str | None) -> urllib.request.Request:
    keys = f"Chatra.Simple {chatra.keys.public}:{chatra.keys.secret}" if auth is None else auth
    given = {"Authorization": keys, "Content-Type": "application/json"}
    return urllib.request.Request(chatra.home + path, json.dumps(body).encode(), given, method=method)
