"""Draining a stream: in order, in turns, and what is behind a poisonous delivery passes."""

from __future__ import annotations

import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import select

from channels.base import Delivery, Inbound
from channels.chatra.adapter import ChatraAdapter
from extensions import db
from jobs import inbound, queues
from jobs.adapters import adapter_of
from models import Channel, InboxItem, Message
from realtime.bus import bus
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import CLIENT_ID, delivery, fragment, said
from tests.serving import work_off


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


def deliver(channel: Channel, *texts: str) -> str:
    """Let the vendor's hook bring these messages, one delivery each; returns their stream. No job waits for them."""
    for number, text in enumerate(texts):
        message = said(text, id=f"id {text}", createdAt=1_767_225_600_000 + number)
        intake.accept(channel, adapter_of(channel.id), fragment(message))
    bus.redis.flushall()
    return f"channel:{channel.id}:{CLIENT_ID}"


def texts() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.text).order_by(Message.position)))


def waiting(queue: str) -> int:
    return len(Queue(queue, connection=bus.redis))


def test_everything_is_applied_in_the_order_in_which_it_came(chatra: Channel) -> None:
    inbound.drain(deliver(chatra, "one", "two", "three"))
    assert texts() == ["one", "two", "three"]


def test_draining_twice_applies_it_once(chatra: Channel) -> None:
    stream = deliver(chatra, "one", "two")
    inbound.drain(stream)
    inbound.drain(stream)
    assert texts() == ["one", "two"]


def test_what_one_turn_does_not_manage_is_rung_for_again(chatra: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    class TurnForTwo:
        def __init__(self, served: tuple[str, ...]) -> None:
            self._looks = 0

        @property
        def is_over(self) -> bool:
            # Once before the stream and once before each delivery.
            self._looks += 1
            return self._looks > 3

    monkeypatch.setattr(queues, "Turn", TurnForTwo)
    stream = deliver(chatra, "one", "two", "three")
    inbound.drain(stream)
    assert (texts(), waiting(queues.INBOUND)) == (["one", "two"], 1)
    inbound.drain(stream)
    assert texts() == ["one", "two", "three"]


def test_streams_that_one_turn_does_not_reach_are_rung_for_again(
    chatra: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoTurn:
        is_over = True

        def __init__(self, served: tuple[str, ...]) -> None:
            """Give no time at all."""

    monkeypatch.setattr(queues, "Turn", NoTurn)
    inbound.drain(deliver(chatra, "one"), "channel:1:somebody else")
    assert (texts(), waiting(queues.INBOUND)) == ([], 1)
    monkeypatch.undo()
    inbound.drain(f"channel:{chatra.id}:{CLIENT_ID}")
    assert texts() == ["one"]


def test_what_a_channel_wants_fetched_goes_to_those_who_may_call_out(chatra: Channel) -> None:
    intake.accept(chatra, adapter_of(chatra.id), fragment(said(), event="chatStarted"))
    inbound.drain(f"channel:{chatra.id}:{CLIENT_ID}")
    (job,) = Queue(queues.FETCH, connection=bus.redis).jobs
    assert job.func_name == "jobs.fetch.fetch"
    assert job.args[:2] == (chatra.id, CLIENT_ID)


def test_an_event_that_we_do_not_know_is_set_aside_and_nothing_else_happens(chatra: Channel) -> None:
    intake.accept(chatra, adapter_of(chatra.id), delivery({"eventName": "somethingNew"}))
    assert waiting(queues.INBOUND) == 0
    assert db.session.scalars(select(InboxItem.state)).all() == [inbox.ASIDE]


def test_a_job_that_gives_way_rings_for_the_rest(chatra: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "SHORT_TURN_SECONDS", -1)
    lines = [said(str(number), id=str(number)) for number in range(inbox.SLICE + 1)]
    intake.accept(chatra, adapter_of(chatra.id), fragment(*lines))
    bus.redis.flushall()
    queues.ring(queues.INBOUND, "channel:1:somebody else")
    stream = f"channel:{chatra.id}:{CLIENT_ID}"
    inbound.drain(stream)
    assert [job.args[0] for job in Queue(queues.INBOUND, connection=bus.redis).jobs] == [
        "channel:1:somebody else",
        stream,
    ]


@pytest.mark.slow
@pytest.mark.row("R31")
def test_a_delivery_that_never_comes_to_an_end_is_set_aside_and_those_behind_it_pass(
    app: Flask, chatra: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ChatraAdapter.parse

    def parse(self: ChatraAdapter, delivery: Delivery) -> list[Inbound]:
        while b"endless" in delivery.raw:
            pass
        return whole(self, delivery)

    monkeypatch.setattr(ChatraAdapter, "parse", parse)
    monkeypatch.setattr(queues, "INBOUND_SECONDS", 1)
    stream = deliver(chatra, "endless", "behind it")
    bus.redis.flushall()
    for _ in range(inbox.MOST_ATTEMPTS):
        queues.enqueue(queues.INBOUND, "jobs.inbound.drain", stream)
        work_off(app)
    assert texts() == []
    queues.enqueue(queues.INBOUND, "jobs.inbound.drain", stream)
    work_off(app)
    assert texts() == ["behind it"]
    assert [aside.reason for aside in inbox.set_aside(chatra.id)] == ["It took longer than 1 seconds."]
