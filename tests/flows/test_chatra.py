"""From Chatra's webhook to the agent and back through its REST API, over what may go wrong on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from rq import Queue
from sqlalchemy import func, select

from channels.base import Author, ChannelError
from extensions import db
from jobs import fetch, queues, sweeps
from models import Channel, Delivery, Message, OutboxItem
from realtime.bus import bus
from services import clock
from services.conversations import chats
from services.exchange import breaker, inbox, outbox
from tests import factories as make
from tests.flows.conftest import Flow
from tests.vendors.chatra import ChatraSimulator


class TestIn:
    @pytest.fixture(autouse=True)
    def _a_minute_ago(self, chatra: ChatraSimulator) -> None:
        """Everything is said in the past, so that a second between two messages is one in the past too."""
        chatra.store.advance(-60)

    def test_the_customers_data_is_shown(self, flow: Flow, chatra: ChatraSimulator) -> None:
        chatra.visitor_says(None, "Hi", name="Maria", email="maria@example.com", Plan="Gold")
        flow.settle()
        (case,) = flow.chats()
        assert (case.customer.name, case.customer.email) == ("Maria", "maria@example.com")
        assert case.customer.identities[0].details["Plan"] == "Gold"

    @pytest.mark.row("R18")
    def test_a_doubled_delivery_counts_once(self, flow: Flow, chatra: ChatraSimulator) -> None:
        chatra.faults.copies = 3
        visitor = chatra.visitor_says(None, "one").client_id
        chatra.visitor_says(visitor, "two")
        flow.settle()
        assert flow.texts(flow.chats()[0]) == ["one", "two"]

    @pytest.mark.row("R17")
    def test_messages_that_come_out_of_order_stand_in_the_order_in_which_they_were_said(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        chatra.faults.reorder = 3
        visitor = chatra.visitor_says(None, "one").client_id
        for text in ("two", "three"):
            chatra.store.advance(1)
            chatra.visitor_says(visitor, text)
        flow.settle()
        (case,) = flow.chats()
        assert flow.texts(case) == ["one", "two", "three"]

    def test_what_got_lost_comes_back_with_the_transcript(self, flow: Flow, chatra: ChatraSimulator) -> None:
        visitor = chatra.visitor_says(None, "one").client_id
        flow.settle()
        chatra.faults.drop = 1
        chatra.store.advance(1)
        chatra.visitor_says(visitor, "two")
        chatra.deliver_all()
        chatra.store.advance(1)
        chatra.visitor_says(visitor, "three")
        flow.settle()
        assert flow.texts(flow.chats()[0]) == ["one", "three"]
        chatra.advance(601)
        flow.settle()
        assert flow.texts(flow.chats()[0]) == ["one", "two", "three"]

    def test_what_an_agent_wrote_in_chatra_itself_stands_in_the_thread(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        visitor = chatra.visitor_says(None, "Hi").client_id
        chatra.agent_says(visitor, "Hello from Chatra", name="Olga")
        flow.settle()
        last = flow.thread(flow.chats()[0])[-1]
        assert (last.author, last.author_name, last.text) == (Author.AGENT, "Olga", "Hello from Chatra")

    def test_two_visitors_have_two_chats(self, flow: Flow, chatra: ChatraSimulator) -> None:
        chatra.visitor_says(None, "one")
        chatra.visitor_says(None, "two")
        flow.settle()
        assert len(flow.chats()) == 2

    def test_a_delivery_whose_doorbell_was_lost_is_found_by_the_sweep(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        chatra.visitor_says(None, "Hi")
        chatra.deliver_all()
        bus.redis.flushall()
        assert flow.chats() == []
        with time_machine.travel(clock.now() + timedelta(seconds=11)):
            sweeps.ring_again()
        flow.settle()
        assert len(flow.chats()) == 1

    @pytest.mark.row("R31")
    def test_a_poisonous_delivery_is_set_aside_and_those_behind_it_pass(
        self, flow: Flow, chatra: ChatraSimulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from channels.chatra.adapter import ChatraAdapter

        whole = ChatraAdapter.parse

        def parse(self: ChatraAdapter, delivery: object) -> object:
            if b"poison" in delivery.raw:  # type: ignore[attr-defined]
                raise ZeroDivisionError("poison")
            return whole(self, delivery)  # type: ignore[arg-type]

        monkeypatch.setattr(ChatraAdapter, "parse", parse)
        visitor = chatra.visitor_says(None, "one").client_id
        chatra.store.advance(1)
        chatra.visitor_says(visitor, "poison")
        chatra.store.advance(1)
        chatra.visitor_says(visitor, "three")
        flow.settle()
        for _ in range(inbox.MOST_ATTEMPTS):
            with time_machine.travel(clock.now() + timedelta(seconds=11)):
                sweeps.ring_again()
            flow.settle()
        assert flow.texts(flow.chats()[0]) == ["one", "three"]
        (aside,) = inbox.set_aside(flow.channel.id)
        assert "poison" in aside.reason
        monkeypatch.undo()
        inbox.replay(flow.channel.id, aside.id)
        flow.settle()
        assert flow.texts(flow.chats()[0]) == ["one", "poison", "three"]


class TestTheCustomersData:
    """It is asked for until the call has worked, and not again for a while."""

    def say(self, flow: Flow, chatra: ChatraSimulator, text: str) -> None:
        """The visitor writes once more, and all that this leads to is done."""
        chatra.store.advance(1)
        chatra.visitor_says("maria", text, Plan="Gold")
        flow.settle()

    def is_known(self, flow: Flow) -> bool:
        """Whether the panel shows what no webhook tells, but only an answer to our call."""
        return "Browser" in flow.chats()[0].customer.identities[0].details

    def asked(self, chatra: ChatraSimulator) -> int:
        """How often Chatra was asked for this visitor."""
        return sum(request.path == "/api/clients/maria" for request in chatra.requests)

    def test_is_asked_for_again_with_the_next_message_after_a_call_that_failed(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        chatra.faults.fail(401)
        self.say(flow, chatra, "one")
        assert not self.is_known(flow)
        self.say(flow, chatra, "two")
        assert self.is_known(flow)
        assert self.asked(chatra) == 2

    def test_is_asked_for_again_after_a_call_that_was_left_out_in_a_pause(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        for _ in range(breaker.PATIENCE):
            breaker.note_failure(flow.channel.id, "Chatra gave no answer.")
        self.say(flow, chatra, "one")
        assert self.asked(chatra) == 0
        with time_machine.travel(clock.now() + breaker.pause(breaker.PATIENCE)):
            self.say(flow, chatra, "two")
        assert self.is_known(flow)

    def test_leaves_no_work_behind_while_every_call_fails(self, flow: Flow, chatra: ChatraSimulator) -> None:
        for text in ("one", "two", "three"):
            chatra.faults.fail(401)
            self.say(flow, chatra, text)
        assert self.asked(chatra) == 3
        assert Queue(queues.FETCH, connection=bus.redis).count == 0

    def test_is_not_asked_for_at_every_message_once_it_is_known(self, flow: Flow, chatra: ChatraSimulator) -> None:
        for text in ("one", "two", "three"):
            self.say(flow, chatra, text)
        assert self.asked(chatra) == 1

    def test_is_asked_for_once_by_messages_that_come_together(self, flow: Flow, chatra: ChatraSimulator) -> None:
        self.say(flow, chatra, "one")
        fetch.fetch(flow.channel.id, "maria", "client", "maria")
        assert self.asked(chatra) == 1

    def test_is_fetched_anew_for_a_chat_that_begins_later(self, flow: Flow, chatra: ChatraSimulator) -> None:
        self.say(flow, chatra, "one")
        with time_machine.travel(clock.now() + timedelta(minutes=10)):
            self.say(flow, chatra, "two")
        assert self.asked(chatra) == 2


class TestOut:
    @pytest.fixture
    def case(self, flow: Flow, chatra: ChatraSimulator) -> object:
        self.visitor = chatra.visitor_says(None, "Hi", name="Maria").client_id
        flow.settle()
        return flow.chats()[0]

    def sent(self, chatra: ChatraSimulator) -> list[str]:
        return [message.text for message in chatra.messages(self.visitor) if message.type == "agent"]

    def test_the_answer_goes_out_in_the_agents_name(self, flow: Flow, chatra: ChatraSimulator, case: object) -> None:
        ann = make.agent("Ann")
        message = chats.reply(case.id, ann, "hello")  # type: ignore[attr-defined]
        assert message.delivery == Delivery.SENDING
        flow.settle()
        assert self.sent(chatra) == ["hello"]
        assert [(agent.name, agent.email) for agent in chatra.agents] == [("Ann", ann.email)]
        assert db.session.get_one(Message, message.id).delivery == Delivery.SENT

    def test_its_echo_is_not_imported(self, flow: Flow, chatra: ChatraSimulator, case: object) -> None:
        chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        flow.settle()
        assert db.session.scalar(select(func.count(Message.id))) == 2

    @pytest.mark.row("R17")
    def test_answers_keep_their_order_over_failures(self, flow: Flow, chatra: ChatraSimulator, case: object) -> None:
        ann = make.agent()
        chatra.faults.fail(500)
        for text in ("one", "two", "three"):
            chats.reply(case.id, ann, text)  # type: ignore[attr-defined]
        flow.settle()
        assert self.sent(chatra) == []
        with time_machine.travel(clock.now() + timedelta(seconds=5)):
            sweeps.ring_again()
            flow.settle()
        assert self.sent(chatra) == ["one", "two", "three"]

    def test_too_many_requests_wait_as_long_as_asked(self, flow: Flow, chatra: ChatraSimulator, case: object) -> None:
        chatra.faults.fail(429, retry_after="30")
        chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        flow.settle()
        waits = db.session.scalars(select(OutboxItem.next_at)).one() - clock.now()
        assert timedelta(seconds=25) < waits <= timedelta(seconds=30)

    def test_an_echo_that_overtakes_a_failing_answer_settles_it_and_nothing_is_sent_again(
        self, flow: Flow, chatra: ChatraSimulator, case: object
    ) -> None:
        message = chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        item = outbox.claim(case.stream)  # type: ignore[attr-defined]
        assert item is not None
        outbox.confirm(flow.channel.id, item.stream, "their id", "hello")
        outbox.fail(item.id, ChannelError("a gateway stumbled"), idempotent=False)
        assert outbox.claim(item.stream) is None
        assert db.session.get_one(Message, message.id).delivery == Delivery.SENT

    def test_an_echo_settles_what_waits_for_its_second_try(
        self, flow: Flow, chatra: ChatraSimulator, case: object
    ) -> None:
        message = chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        item = outbox.claim(case.stream)  # type: ignore[attr-defined]
        assert item is not None
        outbox.fail(item.id, ChannelError("a gateway stumbled"), idempotent=False)
        outbox.confirm(flow.channel.id, item.stream, "their id", "hello")
        assert db.session.get_one(Message, message.id).delivery == Delivery.SENT

    def test_refused_keys_fail_visibly_and_mark_the_channel(
        self, flow: Flow, chatra: ChatraSimulator, case: object
    ) -> None:
        chatra.faults.fail(401)
        message = chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        flow.settle()
        assert db.session.get_one(Message, message.id).delivery == Delivery.FAILED
        assert db.session.get_one(Channel, flow.channel.id).state == "broken"

    @pytest.mark.slow
    @pytest.mark.row("R29")
    def test_after_a_lost_answer_nothing_is_sent_twice_and_the_echo_settles_it(
        self, flow: Flow, chatra: ChatraSimulator, case: object
    ) -> None:
        chatra.faults.fail(hang="after")
        message = chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        flow.settle()
        assert self.sent(chatra) == ["hello"]
        assert db.session.get_one(Message, message.id).delivery == Delivery.SENT

    @pytest.mark.slow
    def test_a_call_that_never_arrived_is_unknown_until_an_agent_sends_it_again(
        self, flow: Flow, chatra: ChatraSimulator, case: object
    ) -> None:
        ann = make.agent()
        chatra.faults.fail(hang="before")
        message = chats.reply(case.id, ann, "hello")  # type: ignore[attr-defined]
        flow.settle()
        assert db.session.get_one(Message, message.id).delivery == Delivery.AWAITED
        with time_machine.travel(clock.now() + timedelta(seconds=121)):
            sweeps.expire_leases()
        assert db.session.get_one(Message, message.id).delivery == Delivery.UNKNOWN
        outbox.send_again(message.id, ann)
        flow.settle()
        assert self.sent(chatra) == ["hello"]
        assert db.session.get_one(Message, message.id).delivery == Delivery.SENT

    @pytest.mark.row("R29")
    def test_a_sender_that_died_leaves_the_message_unknown_instead_of_sending_twice(
        self, flow: Flow, chatra: ChatraSimulator, case: object, app: Flask
    ) -> None:
        message = chats.reply(case.id, make.agent(), "hello")  # type: ignore[attr-defined]
        assert outbox.claim(case.stream) is not None  # type: ignore[attr-defined]
        for seconds in (61, 182):
            with time_machine.travel(clock.now() + timedelta(seconds=seconds)):
                sweeps.expire_leases()
        flow.settle()
        assert db.session.get_one(Message, message.id).delivery == Delivery.UNKNOWN
        assert self.sent(chatra) == []
