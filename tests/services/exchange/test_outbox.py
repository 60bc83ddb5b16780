"""The outbox: what is owed goes out in order, is tried again for a while, and is settled once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from channels.base import ChannelError, Receipt
from extensions import db
from models import Agent, Case, Delivery, InboxItem, Message, OutboxItem
from services import clock
from services.conversations import chats
from services.errors import CaseNotFound, InvalidInput
from services.events import committed
from services.exchange import breaker, channels, outbox
from tests import factories as make


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    """Spares each test the rendering of fragments, which are another matter."""
    with committed.muted():
        yield


def claimed(case: Case) -> OutboxItem:
    item = outbox.claim(case.stream)
    assert item is not None
    return item


def fresh(item: OutboxItem) -> OutboxItem:
    db.session.rollback()
    return db.session.get_one(OutboxItem, item.id, populate_existing=True)


def state(item: OutboxItem) -> tuple[str, str]:
    """How far the item and its message are."""
    item = fresh(item)
    return item.state, db.session.get_one(Message, item.message_id, populate_existing=True).delivery


class TestClaiming:
    def test_one_item_is_claimed_once(self, case: Case, ann: Agent) -> None:
        chats.reply(case.id, ann, "one")
        assert outbox.claim(case.stream) is not None
        assert outbox.claim(case.stream) is None

    def test_what_is_behind_waits_until_what_is_before_it_is_settled(self, case: Case, ann: Agent) -> None:
        first, second = (chats.reply(case.id, ann, text) for text in ("one", "two"))
        item = claimed(case)
        assert item.message_id == first.id
        assert outbox.claim(case.stream) is None
        outbox.settle(item.id, Receipt("m1"))
        assert claimed(case).message_id == second.id

    def test_what_is_behind_a_retry_waits_too(self, case: Case, ann: Agent, traveller: time_machine.Traveller) -> None:
        first = chats.reply(case.id, ann, "one")
        chats.reply(case.id, ann, "two")
        outbox.fail(claimed(case).id, ChannelError("busy"), idempotent=False)
        assert outbox.claim(case.stream) is None
        traveller.shift(timedelta(seconds=1))
        assert claimed(case).message_id == first.id

    def test_two_conversations_do_not_wait_for_each_other(self, case: Case, ann: Agent) -> None:
        other = make.chat(channel=case.channel, visitor="peter")
        for one in (case, other):
            chats.reply(one.id, ann, "hello")
        assert outbox.claim(case.stream) is not None
        assert outbox.claim(other.stream) is not None

    def test_what_stands_behind_a_retry_makes_its_stream_due_no_sooner(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        chats.reply(case.id, ann, "one")
        outbox.fail(claimed(case).id, ChannelError("busy", retry_after=30.0), idempotent=False)
        chats.reply(case.id, ann, "two")
        assert outbox.due_streams(clock.now()) == []
        traveller.shift(timedelta(seconds=30))
        assert outbox.due_streams(clock.now()) == [case.stream]

    def test_nothing_owed_is_nothing_claimed(self, case: Case) -> None:
        assert outbox.claim(case.stream) is None


class TestWaiting:
    @pytest.mark.parametrize(
        ("attempts", "seconds"),
        [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 64), (8, 128), (9, 256), (10, 300), (11, 300)],
    )
    def test_each_attempt_waits_twice_as_long_up_to_five_minutes(self, attempts: int, seconds: float) -> None:
        assert outbox.backoff(attempts) == seconds

    @given(st.integers(1, 500))
    def test_it_never_waits_less_than_before_nor_more_than_five_minutes(self, attempts: int) -> None:
        assert 1 <= outbox.backoff(attempts) <= outbox.backoff(attempts + 1) <= 300

    @pytest.mark.parametrize(("asked", "seconds"), [(30.0, 30), (0.0, 0), (3600.0, 3600)])
    def test_a_vendor_that_says_how_long_is_obeyed(self, case: Case, ann: Agent, asked: float, seconds: float) -> None:
        chats.reply(case.id, ann, "one")
        item = claimed(case)
        outbox.fail(item.id, ChannelError("slow down", retry_after=asked), idempotent=False)
        assert fresh(item).next_at - clock.now() == timedelta(seconds=seconds)

    def test_after_twelve_attempts_it_gives_up_visibly_though_the_vendor_takes_other_calls(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        chats.reply(case.id, ann, "one")
        states = []
        for _ in range(outbox.MOST_ATTEMPTS):
            item = claimed(case)
            outbox.fail(item.id, ChannelError("no answer"), idempotent=False)
            breaker.note_failure(case.channel_id, "no answer")
            states.append(fresh(item).state)
            breaker.note_success(case.channel_id)
            traveller.shift(timedelta(seconds=301))
        assert states == [outbox.READY] * 11 + [outbox.FAILED]
        assert state(item) == (outbox.FAILED, Delivery.FAILED)

    def test_while_the_vendor_takes_nothing_it_is_tried_for_a_day(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        chats.reply(case.id, ann, "one")
        said_at, tries = clock.now(), 0
        while True:
            item = claimed(case)
            outbox.fail(item.id, ChannelError("no answer"), idempotent=False)
            breaker.note_failure(case.channel_id, "no answer")
            tries += 1
            if fresh(item).state != outbox.READY:
                break
            traveller.shift(timedelta(minutes=30))
        assert state(item) == (outbox.FAILED, Delivery.FAILED)
        assert (clock.now() - said_at, tries) == (timedelta(hours=24), 49)

    def test_what_has_waited_longest_is_tried_first_where_one_call_is_let_through(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        other = make.chat(channel=case.channel, visitor="peter")
        chats.reply(case.id, ann, "what Chatra cannot take")
        chats.reply(other.id, ann, "hello")
        for _ in range(breaker.PATIENCE):
            breaker.note_failure(case.channel_id, "no answer")
        traveller.shift(timedelta(seconds=6))
        outbox.fail(claimed(case).id, ChannelError("no answer"), idempotent=False)
        breaker.note_failure(case.channel_id, "no answer")
        traveller.shift(timedelta(minutes=2))
        assert outbox.due_streams(clock.now()) == [other.stream]


class TestTheOutcome:
    @pytest.fixture
    def item(self, case: Case, ann: Agent) -> OutboxItem:
        """An answer that is just being sent."""
        chats.reply(case.id, ann, "hello")
        return claimed(case)

    @pytest.mark.parametrize(
        ("error", "idempotent", "expected"),
        [
            (ChannelError("busy"), False, (outbox.READY, Delivery.SENDING)),
            (ChannelError("refused", permanent=True), False, (outbox.FAILED, Delivery.FAILED)),
            (ChannelError("lost", uncertain=True), False, (outbox.AWAITING, Delivery.AWAITED)),
            (ChannelError("lost", uncertain=True), True, (outbox.READY, Delivery.SENDING)),
        ],
        ids=["try again", "give up", "wait for the echo", "try again without harm"],
    )
    def test_of_a_failed_call(
        self, item: OutboxItem, error: ChannelError, idempotent: bool, expected: tuple[str, str]
    ) -> None:
        outbox.fail(item.id, error, idempotent=idempotent)
        assert state(item) == expected

    def test_of_a_call_that_worked_carries_the_vendors_id(self, item: OutboxItem) -> None:
        outbox.settle(item.id, Receipt("m1"))
        assert state(item) == (outbox.DONE, Delivery.SENT)
        assert fresh(item).message.external_id == "m1"

    def test_is_shown_with_its_reason(self, item: OutboxItem) -> None:
        outbox.fail(item.id, ChannelError("Chatra refuses the keys.", permanent=True), idempotent=False)
        assert fresh(item).message.delivery_reason == "Chatra refuses the keys."

    def test_is_noted_once_however_often_it_is_told(self, item: OutboxItem, case: Case) -> None:
        outbox.settle(item.id, Receipt("m1"))
        rev = make.fresh(case).rev
        outbox.settle(item.id, Receipt("m1"))
        outbox.fail(item.id, ChannelError("late", permanent=True), idempotent=False)
        assert make.fresh(case).rev == rev
        assert state(item) == (outbox.DONE, Delivery.SENT)

    @pytest.mark.row("R29")
    def test_of_a_sender_that_died_is_tried_again_where_sending_twice_doubles_nothing(
        self, item: OutboxItem, traveller: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        can = replace(channels.capabilities(make.chatra()), idempotent_sends=True)
        monkeypatch.setattr(channels, "capabilities", lambda channel: can)
        traveller.shift(timedelta(seconds=61))
        outbox.expire_leases()
        assert state(item) == (outbox.READY, Delivery.SENDING)

    def test_a_receipt_that_comes_late_is_believed(self, item: OutboxItem, traveller: time_machine.Traveller) -> None:
        traveller.shift(timedelta(seconds=61))
        outbox.expire_leases()
        traveller.shift(timedelta(seconds=121))
        outbox.give_up_waiting()
        assert state(item) == (outbox.UNKNOWN, Delivery.UNKNOWN)
        outbox.settle(item.id, Receipt("m1"))
        assert state(item) == (outbox.DONE, Delivery.SENT)


class TestTheEcho:
    @pytest.fixture
    def lost(self, case: Case, ann: Agent) -> OutboxItem:
        """An answer of which nobody knows whether it arrived."""
        chats.reply(case.id, ann, "hello")
        item = claimed(case)
        outbox.fail(item.id, ChannelError("lost", uncertain=True), idempotent=False)
        return item

    def confirm(self, case: Case, external_id: str, text: str) -> None:
        outbox.confirm(case.channel_id, case.stream, external_id, text)

    def test_proves_that_an_answer_arrived(self, lost: OutboxItem, case: Case) -> None:
        self.confirm(case, "m1", " hello\n")
        assert state(lost) == (outbox.DONE, Delivery.SENT)

    def test_with_other_words_proves_nothing(self, lost: OutboxItem, case: Case) -> None:
        self.confirm(case, "m1", "goodbye")
        assert state(lost) == (outbox.AWAITING, Delivery.AWAITED)

    def test_proves_one_answer_of_two_that_say_the_same(self, lost: OutboxItem, case: Case, ann: Agent) -> None:
        chats.reply(case.id, ann, "hello")
        second = claimed(case)
        self.confirm(case, "m1", "hello")
        self.confirm(case, "m1", "hello")
        assert (state(lost), state(second)) == ((outbox.DONE, Delivery.SENT), (outbox.SENDING, Delivery.SENDING))

    def test_of_what_was_never_tried_is_none_of_ours(self, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "hello")
        self.confirm(case, "m1", "hello")
        db.session.refresh(message)
        assert message.delivery == Delivery.SENDING

    def test_is_waited_for_while_there_are_deliveries_that_nobody_has_looked_at(
        self, lost: OutboxItem, case: Case, traveller: time_machine.Traveller
    ) -> None:
        arrived = {"stream": case.stream, "key": "k", "body": b"{}", "received_at": clock.now()}
        db.session.add(InboxItem(channel_id=case.channel_id, **arrived))
        db.session.commit()
        traveller.shift(timedelta(minutes=3))
        outbox.give_up_waiting()
        assert state(lost) == (outbox.AWAITING, Delivery.AWAITED)


class TestSendingAgain:
    def test_owes_it_anew_behind_everything_else(self, case: Case, ann: Agent) -> None:
        first = chats.reply(case.id, ann, "one")
        outbox.fail(claimed(case).id, ChannelError("refused", permanent=True), idempotent=False)
        second = chats.reply(case.id, ann, "two")
        outbox.send_again(first.id, ann)
        order = []
        while (item := outbox.claim(case.stream)) is not None:
            order.append(item.message_id)
            outbox.settle(item.id, Receipt(f"m{len(order)}"))
        assert order == [second.id, first.id]

    def test_is_refused_while_it_is_under_way_or_has_arrived(self, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "one")
        with pytest.raises(InvalidInput):
            outbox.send_again(message.id, ann)
        outbox.settle(claimed(case).id, Receipt("m1"))
        with pytest.raises(InvalidInput):
            outbox.send_again(message.id, ann)

    def test_of_a_message_that_does_not_exist_is_not_found(self, ann: Agent) -> None:
        with pytest.raises(CaseNotFound):
            outbox.send_again(999, ann)
