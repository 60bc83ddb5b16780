"""Makes what the tests of channels need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from channels.base import Adapter, AgentData, Connection, Delivery, File, Outbound, Presence, json_object
from channels.http import HttpClient
from channels.registry import KINDS

PAYLOADS = Path(__file__).parent / "payloads"
PUBLIC_KEY = "FAKEPUBLICKEY0000"
SECRET_KEY = "FAKESECRETKEY".ljust(48, "0")
CLIENT_ID = "k3v9x0p1q2r7s8t4u5w6y1z2a3b4c5d6e7f8g9h"
NOBODY_LISTENS = "http://127.0.0.1:9"


def connection(kind: str = "chatra", keys: Mapping[str, str] | None = None) -> Connection:
    """Return a connection with the simulator's keys, or others."""
    usual = {"public_key": PUBLIC_KEY, "secret_key": SECRET_KEY}
    return Connection(id=1, kind=kind, name="Shop", credentials=usual | dict(keys or {}))


@lru_cache
def client(url: str, timeout: float) -> HttpClient:
    """Return a client that may call `url`; making one costs more than most tests."""
    return HttpClient(trusted=(url,), timeout=timeout)


def adapter(
    kind: str = "chatra",
    url: str = NOBODY_LISTENS,
    *,
    timeout: float = 5.0,
    keys: Mapping[str, str] | None = None,
) -> Adapter:
    """Return an adapter that calls `url`."""
    return KINDS[kind](connection(kind, keys), client(url, timeout), url)


def delivery(body: dict[str, Any], *, nonce: str = "nonce-1", fetched: bool = False) -> Delivery:
    """Return a delivery of this body."""
    return Delivery(raw=json.dumps(body).encode(), body=body, nonce=nonce, fetched=fetched)


def arrived(raw: bytes, nonce: str = "nonce-1") -> Delivery:
    """Return a delivery as it came over the wire."""
    return Delivery(raw=raw, body=json_object(raw), nonce=nonce)


def fragment(*messages: dict[str, Any], event: str = "chatFragment", **client: object) -> Delivery:
    """Return a webhook with these messages."""
    return delivery({"eventName": event, "client": {"id": CLIENT_ID} | client, "messages": list(messages)})


def said(text: str = "Hi!", **keys: object) -> dict[str, Any]:
    """Return a visitor's message as webhooks word it."""
    return {"id": "Qm7sZk3wPn2xRt9Ya", "type": "client", "text": text, "createdAt": 1767225600000} | keys


def reply(text: str = "Hello!", files: tuple[File, ...] = ()) -> Outbound:
    """Return an agent's message that is owed to a vendor."""
    return Outbound(CLIENT_ID, text, agent_name="Anna", agent_email="anna@desk.example", files=files)


def presence(*, available: bool = True) -> Presence:
    """Return what a vendor is to show of an agent."""
    anna = AgentData(1, "Anna", "anna@desk.example")
    return Presence(anna, available, shown=(anna,) if available else ())
