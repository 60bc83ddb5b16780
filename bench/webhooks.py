"""Webhooks of Chatra under load: how fast they are acknowledged, and that each was stored and applied once."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from bench import load
from bench.desk import Desk, connect_chatra, cpu_seconds, eventually, running
from bench.figures import spread
from extensions import db
from models import InboxItem, Message
from services.exchange.inbox import DONE
from tests.vendors.chatra.store import Client, Store
from tests.vendors.chatra.store import Message as Said
from tests.vendors.chatra.wire import Switches, hook

CONVERSATIONS = 400
WARM_UP = 200
EVENTS = 2000
DRAIN_SECONDS = 240.0


class Shop:
    """Visitors of a site with Chatra, and the webhooks that tell what they write."""

    def __init__(self, conversations: int) -> None:
        store = Store()
        self._visitors = [store.visitor() for _ in range(conversations)]
        self._said = 0

    def delivery(self, text: str) -> str:
        """The body of the next webhook: visitors take turns."""
        visitor = self._visitors[self._said % len(self._visitors)]
        self._said += 1
        return fragment(visitor, text)


def fragment(visitor: Client, text: str) -> str:
    """The webhook that tells of one more message (chatra.md §2.2)."""
    said = Said(visitor.id, "client", text, int(Store().now() * 1000))
    return json.dumps(hook("chatFragment", visitor, [said], Switches()))


def measure(*, events: int = EVENTS, warm_up: int = WARM_UP) -> dict[str, object]:
    """Send distinct events of many conversations and verify afterwards that none was lost or doubled."""
    with running() as desk:
        with desk.app.app_context():
            path = connect_chatra()
        shop = Shop(CONVERSATIONS)
        requests = [
            load.post_json(path, shop.delivery(f"Where is my order {number}?")) for number in range(warm_up + events)
        ]
        load.drive(desk.port, requests[:warm_up]).must_be(200)
        cpu = cpu_seconds(desk.web())
        outcome = load.drive(desk.port, requests[warm_up:])
        cpu = cpu_seconds(desk.web()) - cpu
        outcome.must_be(200)
        applied_after = _verify(desk, len(requests))
    return {
        "webhook_ack_per_s": round(outcome.per_second, 1),
        "webhook_ack_ms": spread(outcome.milliseconds, p99=True),
        "webhook_ack": {
            "events": events,
            "warm_up": warm_up,
            "web_cpu_ms": round(cpu * 1000 / events, 3),
            "client_cpu_ms": round(outcome.cpu_ms, 3),
            "applied_after_s": round(applied_after, 1),
        },
    }


def _verify(desk: Desk, sent: int) -> float:
    """Check that every event is stored, and applied once when the worker is through; returns after how many seconds.

    Raises:
        RuntimeError: something was lost or doubled.
    """
    began = time.monotonic()
    with desk.app.app_context():
        stored = _count(InboxItem.id)
        eventually(lambda: applied() == sent, DRAIN_SECONDS)
        took = time.monotonic() - began
        counts = {
            "stored": stored,
            "applied": applied(),
            "messages": _count(Message.id),
            "ids": _count(Message.external_id.distinct()),
        }
    if set(counts.values()) != {sent}:
        raise RuntimeError(f"of {sent} acknowledged events there are {counts}")
    return took


def applied() -> int:
    """How many deliveries the desk has made something of. Needs an app context."""
    return _count(InboxItem.id, InboxItem.state == DONE)


def _count(what: ColumnElement[Any] | InstrumentedAttribute[int], *where: ColumnElement[bool]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(what)).where(*where)) or 0
