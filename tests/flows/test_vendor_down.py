"""A vendor that refuses everything for minutes: what is owed to it waits, in order, and nobody else waits with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from channels.base import Adapter, Connection
from channels.chatra.adapter import ChatraAdapter
from channels.http import HttpClient
from channels.registry import Registry
from extensions import db
from jobs import queues
from models import Agent, Case, Channel, Delivery, Message
from services import clock
from services.conversations import chats
from services.exchange import breaker, channels
from services.team import groups
from tests import factories as make
from tests.flows.conftest import Flow
from tests.serving import work_off
from tests.vendors.chatra import ChatraSimulator, Faults, RestFault

TEN_MINUTES = timedelta(minutes=10)


class Down(Faults):
    """Chatra while it refuses every call."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.fault = RestFault(status=503)
        self.refused = 0

    def take(self) -> RestFault | None:
        """Refuse the call, unless it is up."""
        if not self.is_down:
            return super().take()
        self.refused += 1
        return self.fault


class OneAddressEach(Registry):
    """Channels of one kind whose vendors stand at different addresses, by their number."""

    def __init__(self, addresses: dict[int, str]) -> None:
        super().__init__(chatra_api_url="")
        self._addresses = addresses
        self.http = HttpClient(trusted=tuple(addresses.values()), timeout=1)

    def adapter(self, connection: Connection) -> Adapter:
        """The adapter of a channel at its own address."""
        return ChatraAdapter(connection, self.http, self._addresses[connection.id])


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    with ChatraSimulator(faults=Down()) as simulator:
        yield simulator


@pytest.fixture
def down(chatra: ChatraSimulator) -> Down:
    """The switch of the vendor that fails."""
    assert isinstance(chatra.faults, Down)
    return chatra.faults


@pytest.fixture
def ann(flow: Flow) -> Agent:
    return make.agent("Ann")


def chats_of(flow: Flow, chatra: ChatraSimulator, *words: str) -> list[Case]:
    """A chat for each of these first words."""
    for text in words:
        chatra.visitor_says(None, text)
    flow.settle()
    return sorted(flow.chats(), key=lambda case: case.id)


def sent(chatra: ChatraSimulator, case: Case) -> list[str]:
    """What the visitor has received."""
    return [message.text for message in chatra.messages(case.conversation) if message.type == "agent"]


def pass_by(traveller: time_machine.Traveller, app: Flask, time: timedelta) -> None:
    """Let time pass, with sweeps every quarter of a minute."""
    ends = clock.now() + time
    while clock.now() < ends:
        traveller.shift(timedelta(seconds=15))
        for sweep in ("expire_leases", "ring_again"):
            queues.enqueue(queues.SWEEPS, f"jobs.sweeps.{sweep}")
        work_off(app)
    db.session.rollback()
    db.session.expire_all()


@pytest.mark.slow
@pytest.mark.row("R28")
def test_what_is_said_in_ten_minutes_without_the_vendor_arrives_afterwards_in_the_order_of_each_chat(
    flow: Flow, chatra: ChatraSimulator, down: Down, ann: Agent
) -> None:
    first, second = chats_of(flow, chatra, "Hi", "Hello")
    down.is_down = True
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for number in range(10):
            chats.reply(first.id, ann, f"first {number}")
            chats.reply(second.id, ann, f"second {number}")
            pass_by(traveller, flow.app, timedelta(minutes=1))
        assert (sent(chatra, first), sent(chatra, second)) == ([], [])
        down.is_down = False
        pass_by(traveller, flow.app, 2 * breaker.pause(100))
    assert sent(chatra, first) == [f"first {number}" for number in range(10)]
    assert sent(chatra, second) == [f"second {number}" for number in range(10)]
    assert set(db.session.scalars(select(Message.delivery).where(Message.agent_id == ann.id))) == {Delivery.SENT}


@pytest.mark.slow
def test_a_vendor_that_keeps_failing_is_asked_less_and_less_and_the_channel_says_so(
    flow: Flow, chatra: ChatraSimulator, down: Down, ann: Agent
) -> None:
    cases = chats_of(flow, chatra, *"abcdefgh")
    down.is_down = True
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for case in cases:
            chats.reply(case.id, ann, "hello")
        work_off(flow.app)
        assert down.refused == breaker.PATIENCE
        db.session.rollback()
        channel = db.session.get_one(Channel, flow.channel.id, populate_existing=True)
        assert channel.state_reason == "Chatra cannot take it at the moment (answer 503)."
        pass_by(traveller, flow.app, TEN_MINUTES)
        assert down.refused < 20
        down.is_down = False
        pass_by(traveller, flow.app, 2 * breaker.pause(100))
    assert [sent(chatra, case) for case in cases] == [["hello"]] * 8
    channel = db.session.get_one(Channel, flow.channel.id, populate_existing=True)
    assert (channel.state_reason, channel.failures, channel.paused_until) == ("", 0, None)


@pytest.mark.row("R28")
@pytest.mark.row("R30")
@pytest.mark.parametrize("fault", [RestFault(status=503), RestFault(hang="before")], ids=["refuses", "hangs"])
def test_another_channel_is_not_held_up(
    flow: Flow, chatra: ChatraSimulator, down: Down, ann: Agent, fault: RestFault
) -> None:
    cases = chats_of(flow, chatra, *"abcdefgh")
    with ChatraSimulator() as other:
        keys = {"public_key": other.keys.public, "secret_key": other.keys.secret}
        channel = channels.connect(
            kind="chatra", family="live_chat", name="Other", group=groups.first(), credentials=keys
        )
        addresses = {flow.channel.id: chatra.url, channel.id: other.url}
        flow.app.extensions["channels"] = OneAddressEach(addresses)
        case = make.chat(channel=channel, visitor=other.store.visitor(None).id)
        down.fault, down.is_down = fault, True
        for waiting in cases:
            chats.reply(waiting.id, ann, "owed")
        chats.reply(case.id, ann, "hello")
        work_off(flow.app)
        assert sent(other, case) == ["hello"]
        assert all(sent(chatra, waiting) == [] for waiting in cases)
        assert down.refused == breaker.PATIENCE


@pytest.mark.slow
@pytest.mark.row("R28")
def test_what_is_said_while_the_vendor_is_away_for_hours_is_not_given_up(
    flow: Flow, chatra: ChatraSimulator, down: Down, ann: Agent
) -> None:
    (case,) = chats_of(flow, chatra, "Hi")
    down.is_down = True
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for number in range(3):
            chats.reply(case.id, ann, f"answer {number}")
        for _ in range(60):
            traveller.shift(timedelta(minutes=3))
            pass_by(traveller, flow.app, timedelta(seconds=15))
        down.is_down = False
        pass_by(traveller, flow.app, 2 * breaker.pause(100))
    assert sent(chatra, case) == [f"answer {number}" for number in range(3)]


@pytest.mark.row("R28")
def test_one_chat_that_is_asked_to_wait_keeps_the_others_from_prolonging_it(
    flow: Flow, chatra: ChatraSimulator, ann: Agent
) -> None:
    first, second = chats_of(flow, chatra, "Hi", "Hello")
    chatra.faults.fail(429, retry_after="600")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        chats.reply(first.id, ann, "one")
        work_off(flow.app)
        chats.reply(second.id, ann, "two")
        asked = len(chatra.requests)
        traveller.shift(timedelta(minutes=9))
        pass_by(traveller, flow.app, timedelta(seconds=30))
        assert len(chatra.requests) == asked
        pass_by(traveller, flow.app, timedelta(minutes=1))
    assert (sent(chatra, first), sent(chatra, second)) == (["one"], ["two"])
