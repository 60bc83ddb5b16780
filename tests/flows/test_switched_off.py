"""Chatra switched off and on, disconnected, and with keys that it refuses: nothing is lost, nothing comes twice."""

from __future__ import annotations

import pytest

from extensions import db
from models import Delivery, InboxItem, Message
from services.conversations import chats
from services.exchange import channel_states, inbox
from tests import factories as make
from tests.flows.conftest import Flow
from tests.serving import work_off
from tests.vendors.chatra import ChatraSimulator
from tests.vendors.chatra.faults import Chances, RestFault


@pytest.fixture(autouse=True)
def _a_minute_ago(chatra: ChatraSimulator) -> None:
    """Everything is said in the past, so that a second between two messages is one in the past too."""
    chatra.store.advance(-60)


def spoken(chatra: ChatraSimulator, visitor: str) -> list[str]:
    return [message.text for message in chatra.messages(visitor) if message.type != "system"]


def delivery(message: Message) -> tuple[str, str]:
    db.session.rollback()
    message = db.session.get_one(Message, message.id, populate_existing=True)
    return message.delivery, message.delivery_reason


def test_while_it_is_off_both_sides_wait_and_on_again_they_go_on_in_order(flow: Flow, chatra: ChatraSimulator) -> None:
    ann = make.agent("Ann")
    visitors = [chatra.visitor_says(None, "one").client_id for _ in range(3)]
    flow.settle()
    cases = flow.chats()
    assert len(cases) == 3
    channel_states.switch_off(flow.channel.id)
    for case in cases:
        for text in ("first answer", "second answer"):
            chats.reply(case.id, ann, text)
    for visitor in visitors:
        for text in ("two", "three"):
            chatra.visitor_says(visitor, text)
    newcomer = chatra.visitor_says(None, "I am new").client_id
    calls = len(chatra.requests)
    flow.settle()
    assert len(chatra.requests) == calls
    assert [flow.texts(case) for case in cases] == [["one", "first answer", "second answer"]] * 3
    assert len(flow.chats()) == 3
    channel_states.switch_on(flow.channel.id)
    flow.settle()
    for case in cases:
        assert sorted(flow.texts(case)) == ["first answer", "one", "second answer", "three", "two"]
        assert [text for text in flow.texts(case) if "answer" not in text] == ["one", "two", "three"]
    for visitor in visitors:
        assert spoken(chatra, visitor) == ["one", "two", "three", "first answer", "second answer"]
    assert spoken(chatra, newcomer) == ["I am new"]
    assert len(flow.chats()) == 4


def test_a_delivery_that_comes_twice_while_it_is_off_counts_once(flow: Flow, chatra: ChatraSimulator) -> None:
    channel_states.switch_off(flow.channel.id)
    chatra.faults.copies = 3
    chatra.visitor_says(None, "only once")
    flow.settle()
    channel_states.switch_on(flow.channel.id)
    flow.settle()
    (case,) = flow.chats()
    assert flow.texts(case) == ["only once"]


def test_refused_keys_keep_nobody_from_writing_to_us(flow: Flow, chatra: ChatraSimulator) -> None:
    visitor = chatra.visitor_says(None, "one").client_id
    flow.settle()
    (case,) = flow.chats()
    chatra.faults.chances = Chances(failing=1, ways=(RestFault(status=401),))
    chats.reply(case.id, make.agent("Ann"), "refused")
    flow.settle()
    assert flow.channel.state == "broken"
    chatra.visitor_says(visitor, "two")
    chatra.visitor_says(None, "Hello from somebody else")
    flow.settle()
    assert flow.channel.state == "broken"
    assert len(flow.chats()) == 2
    assert sorted(flow.texts(case)) == ["one", "refused", "two"]


def test_what_was_not_sent_when_it_was_disconnected_fails_with_the_reason(flow: Flow, chatra: ChatraSimulator) -> None:
    chatra.visitor_says(None, "one")
    flow.settle()
    (case,) = flow.chats()
    channel_states.switch_off(flow.channel.id)
    unsent = [chats.reply(case.id, make.agent("Ann"), "never sent")]
    calls = len(chatra.requests)
    make.disconnected(flow.channel, "pending")
    work_off(flow.app)
    assert [delivery(message) for message in unsent] == [(Delivery.FAILED, "The integration was disconnected.")]
    assert len(chatra.requests) == calls
    chatra.visitor_says(None, "too late")
    flow.settle()
    assert {parcel.answers[-1] for parcel in chatra.deliveries[-1:]} == {404}
    assert flow.chats() == []
    assert [item.status for item in flow.ended()] == ["pending"]
    assert db.session.query(InboxItem).filter_by(state=inbox.PENDING).count() == 0
