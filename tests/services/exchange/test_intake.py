"""Taking in at the same moment: each delivery is stored once and answered for itself."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from channels.base import Delivery
from extensions import db
from jobs.adapters import adapter_of
from models import Channel, InboxItem
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import delivery, fragment, said


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


def accept_at_once(
    app: Flask, channel_id: int, deliveries: Sequence[Delivery], *, threads_at_once: int = 10
) -> list[bool]:
    """Have threads, each with a session of its own, take the deliveries in."""

    start = Barrier(threads_at_once)

    def accept(one: Delivery) -> bool:
        start.wait(20)
        with app.app_context():
            channel = db.session.get_one(Channel, channel_id)
            return intake.accept(channel, adapter_of(channel_id), one)

    with ThreadPoolExecutor(threads_at_once) as threads:
        return list(threads.map(accept, deliveries))


def stored() -> dict[str, int]:
    """How many deliveries stand in which state."""
    db.session.rollback()
    query = select(InboxItem.state, func.count()).group_by(InboxItem.state)
    return dict(db.session.execute(query).all())


def test_a_hundred_deliveries_at_once_are_all_stored(app: Flask, chatra: Channel) -> None:
    deliveries = [fragment(said(f"message {number}", id=f"id {number}")) for number in range(100)]
    assert accept_at_once(app, chatra.id, deliveries) == [True] * 100
    assert stored() == {inbox.PENDING: 100}


@pytest.mark.row("R18")
def test_of_twenty_copies_one_is_new(app: Flask, chatra: Channel) -> None:
    copies = [fragment(said("once", id="the same", createdAt=1_767_225_600_000))] * 20
    assert Counter(accept_at_once(app, chatra.id, copies)) == {True: 1, False: 19}
    assert stored() == {inbox.PENDING: 1}


def test_one_that_makes_no_sense_is_set_aside_among_the_others(app: Flask, chatra: Channel) -> None:
    deliveries = [fragment(said(f"message {number}", id=f"id {number}")) for number in range(9)]
    deliveries.insert(4, delivery({"eventName": "somethingNew"}))
    assert accept_at_once(app, chatra.id, deliveries) == [True] * 10
    assert stored() == {inbox.PENDING: 9, inbox.ASIDE: 1}


@pytest.fixture
def _restless_threads() -> Iterator[None]:
    """Threads that take turns all the time find in a second what a desk finds in a year."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("_restless_threads")
def test_whoever_waits_for_others_keeps_no_connection_from_them(
    app: Flask, chatra: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.engine.pool, "_max_overflow", 0)
    monkeypatch.setattr(db.engine.pool, "_timeout", 5)
    channel_id = chatra.id
    db.session.rollback()
    deliveries = [fragment(said(f"message {number}", id=f"id {number}")) for number in range(120)]
    assert accept_at_once(app, channel_id, deliveries, threads_at_once=40) == [True] * 120
