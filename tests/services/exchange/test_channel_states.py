"""A channel that is switched off keeps everything waiting; one that was disconnected is called no more."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from sqlalchemy import select

from channels.base import ChannelError
from extensions import db
from jobs.adapters import adapter_of
from models import Channel, Delivery, InboxItem, Message, OutboxItem
from services import clock
from services.conversations import chats
from services.exchange import breaker, channel_states, channels, inbox, intake, outbox
from services.exchange.channel_states import Waiting
from tests import factories as make
from tests.channels.factories import CLIENT_ID, fragment, said


def deliver(channel: Channel, *texts: str) -> str:
    for text in texts:
        intake.accept(channel, adapter_of(channel.id), fragment(said(text, id=f"id {text}")))
    return f"channel:{channel.id}:{CLIENT_ID}"


def fresh(channel: Channel) -> Channel:
    db.session.rollback()
    return db.session.get_one(Channel, channel.id, populate_existing=True)


class TestOff:
    def test_what_comes_in_is_kept_and_not_applied(self, channel: Channel) -> None:
        channel_states.switch_off(channel.id)
        stream = deliver(channel, "one", "two")
        assert inbox.next_pending(stream) is None
        assert inbox.apply_next(stream, adapter_of(channel.id)) is None
        assert channel_states.waiting(channel.id) == Waiting(deliveries=2, answers=0, chats=0)

    def test_however_long_it_waits_no_try_is_counted_and_nobody_is_rung_for(self, channel: Channel) -> None:
        channel_states.switch_off(channel.id)
        with time_machine.travel(clock.now(), tick=False) as traveller:
            stream = deliver(channel, "one")
            traveller.shift(timedelta(days=2))
            for _ in range(inbox.MOST_ATTEMPTS + 1):
                assert inbox.suspect(stream) is None
            assert inbox.stale_streams() == []
            assert db.session.scalars(select(InboxItem.attempts)).one() == 0
            channel_states.switch_on(channel.id)
            assert inbox.stale_streams() == [stream]

    def test_answers_wait_and_are_due_to_nobody(self, channel: Channel) -> None:
        case = make.chat(channel=channel)
        channel_states.switch_off(channel.id)
        chats.reply(case.id, make.agent(), "hello")
        assert outbox.claim(case.stream) is None
        assert outbox.due_streams(clock.now()) == []
        assert channel_states.waiting(channel.id) == Waiting(deliveries=0, answers=1, chats=1)

    def test_on_again_everything_is_rung_for_and_due_at_once(
        self, channel: Channel, rings: list[tuple[str, str]]
    ) -> None:
        case = make.chat(channel=channel)
        chats.reply(case.id, make.agent(), "hello")
        item = outbox.claim(case.stream)
        assert item is not None
        outbox.fail(item.id, ChannelError("busy", retry_after=200.0), idempotent=False)
        for _ in range(breaker.PATIENCE):
            breaker.note_failure(channel.id, "Chatra gave no answer.")
        channel_states.switch_off(channel.id)
        stream = deliver(channel, "one")
        rings.clear()
        channel_states.switch_on(channel.id)
        assert rings == [("inbound", stream), ("outbound", case.stream)]
        assert (fresh(channel).state, channel.state_reason, channel.paused_until) == ("connected", "", None)
        assert outbox.claim(case.stream) is not None

    def test_another_channel_goes_on(self, channel: Channel) -> None:
        other = make.chatra()
        channel_states.switch_off(channel.id)
        stream = deliver(other, "one")
        assert inbox.next_pending(stream) is not None
        assert breaker.admit(other.id)

    def test_a_call_that_was_under_way_switches_nothing_on_and_breaks_nothing(self, channel: Channel) -> None:
        channel_states.switch_off(channel.id)
        channels.mark_working(channel.id)
        channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
        channels.replace_credentials(channel.id, {"public_key": "p", "secret_key": "s"})
        assert (fresh(channel).state, channel.state_reason) == ("off", "")

    def test_an_answer_whose_fate_is_unknown_is_not_given_up_meanwhile(self, channel: Channel) -> None:
        case = make.chat(channel=channel)
        with time_machine.travel(clock.now(), tick=False) as traveller:
            message = chats.reply(case.id, make.agent(), "hello")
            item = outbox.claim(case.stream)
            assert item is not None
            outbox.fail(item.id, ChannelError("cut off", uncertain=True), idempotent=False)
            channel_states.switch_off(channel.id)
            traveller.shift(timedelta(hours=1))
            outbox.give_up_waiting()
            assert delivery(message) == Delivery.AWAITED
            channel_states.switch_on(channel.id)
            outbox.give_up_waiting()
            assert delivery(message) == Delivery.AWAITED
            traveller.shift(timedelta(minutes=2))
            outbox.give_up_waiting()
            assert delivery(message) == Delivery.UNKNOWN

    def test_doing_it_twice_changes_nothing(self, channel: Channel, rings: list[tuple[str, str]]) -> None:
        channel_states.switch_on(channel.id)
        for _ in range(2):
            channel_states.switch_off(channel.id)
        assert rings == []
        assert fresh(channel).state == "off"


class TestTheAddress:
    def test_only_the_new_one_is_known_from_then_on(self, channel: Channel) -> None:
        old = channel.sealed_hook_token
        channel_states.renew_address(channel.id)
        new = fresh(channel).sealed_hook_token
        assert channels.by_hook_token("chatra", str(old)) is None
        assert channels.by_hook_token("chatra", str(new)) == channel
        assert channel.heard_at is None


def delivery(message: Message) -> str:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True).delivery


def test_nothing_is_owed_twice(channel: Channel) -> None:
    case = make.chat(channel=channel)
    chats.reply(case.id, make.agent(), "hello")
    for _ in range(3):
        channel_states.switch_off(channel.id)
        channel_states.switch_on(channel.id)
    assert len(db.session.scalars(select(OutboxItem.id)).all()) == 1
