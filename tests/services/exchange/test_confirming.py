"""Confirming: what a vendor shows of ours settles the right call, early, late or doubled, and is never imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine

from channels.base import Author, ChannelError, IncomingMessage, Receipt, made_up_ids
from extensions import db
from models import Agent, Case, Delivery, Message, OutboxItem
from services import clock
from services.conversations import chats, corrections, messages
from services.events import committed
from services.exchange import confirming, outbox
from tests import factories as make
from tests.services.exchange.test_owing import by_the_desk

LOST = ChannelError("lost", uncertain=True)


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    with committed.muted():
        yield


def sent(case: Case, error: ChannelError | None = None) -> OutboxItem:
    """The next call, as far as its answer."""
    item = outbox.claim(case.stream)
    assert item is not None
    if error is not None:
        outbox.fail(item.id, error, idempotent=False)
    return item


def echo(case: Case, external_id: str, text: str = "hello", said_at: datetime | None = None) -> None:
    outbox.confirm(case.channel_id, case.stream, external_id, text, said_at)


def unnamed(number: int) -> str:
    """What the adapter makes up where Chatra names no id."""
    return f"{made_up_ids('visitor')}{number}"


def shown(external_id: str, text: str = "hello", author: Author = Author.BOT) -> IncomingMessage:
    """What Chatra shows of a pushed message: nothing says that it is ours."""
    return make.incoming(text, id=external_id, author=author)


def standing(*items: OutboxItem) -> list[tuple[str, str]]:
    """State and the vendor's id of each call."""
    db.session.rollback()
    fresh = [db.session.get_one(OutboxItem, item.id, populate_existing=True) for item in items]
    return [(item.state, item.external_id) for item in fresh]


def delivery(message: Message) -> str:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True).delivery


class TestAnEcho:
    @pytest.mark.row("R13")
    def test_that_comes_before_our_receipt_settles_the_call_once(self, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "hello")
        item = sent(case)
        echo(case, "m1")
        rev = make.fresh(case).rev
        outbox.settle(item.id, Receipt("m1"))
        assert (standing(item), delivery(message)) == ([(outbox.DONE, "m1")], Delivery.SENT)
        assert make.fresh(case).rev == rev

    def test_that_comes_after_nobody_knew_settles_it_all_the_same(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        message = chats.reply(case.id, ann, "hello")
        item = sent(case, LOST)
        traveller.shift(timedelta(minutes=2))
        outbox.give_up_waiting()
        assert delivery(message) == Delivery.UNKNOWN
        echo(case, "m1")
        assert (standing(item), delivery(message)) == ([(outbox.DONE, "m1")], Delivery.SENT)

    @pytest.mark.row("R13")
    def test_that_comes_before_it_is_sent_again_takes_that_back(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        message = chats.reply(case.id, ann, "hello")
        sent(case, LOST)
        traveller.shift(timedelta(minutes=2))
        outbox.give_up_waiting()
        outbox.send_again(message.id, ann)
        echo(case, "m1")
        assert outbox.claim(case.stream) is None
        assert delivery(message) == Delivery.SENT

    @pytest.mark.parametrize("first", ["m1", "m2"])
    def test_that_comes_after_it_was_sent_again_leaves_both_settled_rightly(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller, first: str
    ) -> None:
        message = chats.reply(case.id, ann, "hello")
        one = sent(case, LOST)
        traveller.shift(timedelta(minutes=2))
        outbox.give_up_waiting()
        outbox.send_again(message.id, ann)
        two = sent(case)
        echo(case, first)
        outbox.settle(two.id, Receipt("m2"))
        assert delivery(message) == Delivery.SENT
        for external_id in ("m1", "m2"):
            echo(case, external_id)
        assert standing(one, two) == [(outbox.DONE, "m1"), (outbox.DONE, "m2")]
        assert delivery(message) == Delivery.SENT

    def test_that_never_came_of_two_alike_leaves_the_other_one_open(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        first = chats.reply(case.id, ann, "hello")
        one = sent(case, LOST)
        second = chats.reply(case.id, ann, "hello")
        two = sent(case)
        echo(case, "m2")
        outbox.settle(two.id, Receipt("m2"))
        assert standing(one, two) == [(outbox.AWAITING, ""), (outbox.DONE, "m2")]
        assert (delivery(first), delivery(second)) == (Delivery.AWAITED, Delivery.SENT)
        traveller.shift(timedelta(minutes=2))
        outbox.give_up_waiting()
        assert (delivery(first), delivery(second)) == (Delivery.UNKNOWN, Delivery.SENT)

    def test_that_was_taken_by_mistake_goes_to_the_call_that_it_is_of(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        first = chats.reply(case.id, ann, "hello")
        one = sent(case)
        traveller.shift(timedelta(seconds=61))
        outbox.expire_leases()
        second = chats.reply(case.id, ann, "hello")
        two = sent(case)
        echo(case, "m2")
        outbox.settle(one.id, Receipt("m1"))
        assert standing(one, two) == [(outbox.DONE, "m1"), (outbox.DONE, "m2")]
        ids = [db.session.get_one(Message, message.id).external_id for message in (first, second)]
        assert ids == ["m1", "m2"]

    def test_of_what_was_refused_is_believed_last(self, case: Case, ann: Agent) -> None:
        refused = chats.reply(case.id, ann, "hello")
        one = sent(case, ChannelError("refused", permanent=True))
        chats.reply(case.id, ann, "hello")
        two = sent(case)
        echo(case, "m2")
        assert standing(one, two) == [(outbox.FAILED, ""), (outbox.DONE, "m2")]
        assert delivery(refused) == Delivery.FAILED


class TestWhatTheDeskSaysByItself:
    """Its echo is not marked as ours (chatra.md §1.5)."""

    @pytest.mark.parametrize("author", [Author.BOT, Author.AGENT])
    def test_is_recognised_by_its_id(self, case: Case, author: Author) -> None:
        by_the_desk(case, "hello")
        outbox.settle(sent(case).id, Receipt("m1"))
        assert confirming.recognise(case.stream, shown("m1", author=author))

    @pytest.mark.row("R16")
    def test_is_recognised_by_its_words_before_our_receipt(self, case: Case) -> None:
        message = by_the_desk(case, "hello")
        item = sent(case)
        assert confirming.recognise(case.stream, shown("m1", " hello\n"))
        assert delivery(message) == Delivery.SENT
        outbox.settle(item.id, Receipt("m1"))
        assert standing(item) == [(outbox.DONE, "m1")]

    def test_is_recognised_part_by_part(self, case: Case) -> None:
        by_the_desk(case, "x" * 5000 + "y" * 5000)
        for external_id in ("m1", "m2"):
            outbox.settle(sent(case).id, Receipt(external_id))
        assert confirming.recognise(case.stream, shown("m1", "x" * 5000))
        assert confirming.recognise(case.stream, shown("m2", "y" * 5000))

    def test_is_not_what_a_bot_of_theirs_says(self, case: Case) -> None:
        by_the_desk(case, "hello")
        outbox.settle(sent(case).id, Receipt("m1"))
        assert not confirming.recognise(case.stream, shown("m7"))

    def test_is_not_what_an_agent_of_ours_has_sent(self, case: Case, ann: Agent) -> None:
        chats.reply(case.id, ann, "hello")
        sent(case)
        assert not confirming.recognise(case.stream, shown("m7", author=Author.BOT))

    def test_stays_known_after_the_trail_of_calls_is_gone(self, case: Case) -> None:
        message = by_the_desk(case, "hello")
        outbox.settle(sent(case).id, Receipt("m1"))
        db.session.execute(db.delete(OutboxItem))
        db.session.commit()
        assert chats.receive(case.channel, shown("m1", "words that were edited there")).id == message.id
        assert len(messages.latest(case.id)) == 2


class TestAnEchoWithoutAnId:
    """Chatra may not name its messages in webhooks (chatra.md §2.2)."""

    def test_settles_the_call_but_is_no_id_to_change_it_by(self, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "hello")
        item = sent(case, LOST)
        echo(case, unnamed(1), said_at=clock.now())
        assert (standing(item), delivery(message)) == ([(outbox.DONE, "")], Delivery.SENT)
        corrections.delete(message.id, ann)
        deletion = sent(case)
        with pytest.raises(ChannelError, match="not known under which id"):
            outbox.change(deletion)

    def test_leaves_the_vendors_own_id_to_be_learned(self, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "hello")
        item = sent(case, LOST)
        echo(case, unnamed(1), said_at=clock.now())
        echo(case, "m1", said_at=clock.now())
        assert standing(item) == [(outbox.DONE, "m1")]
        assert db.session.get_one(Message, message.id).external_id == "m1"

    @pytest.mark.row("R13")
    @pytest.mark.parametrize("in_time", [True, False], ids=["with its time", "without a time"])
    def test_that_comes_again_is_not_taken_for_another_call(
        self, case: Case, ann: Agent, traveller: time_machine.Traveller, in_time: bool
    ) -> None:
        said_at = clock.now() if in_time else None
        chats.reply(case.id, ann, "ok")
        outbox.settle(sent(case).id, Receipt("m1"))
        echo(case, unnamed(1), "ok", said_at)
        traveller.shift(timedelta(seconds=30))
        second = chats.reply(case.id, ann, "ok")
        sent(case, LOST)
        echo(case, unnamed(1) if in_time else unnamed(2), "ok", said_at)
        assert delivery(second) == Delivery.AWAITED

    @pytest.mark.parametrize("lost", [1, 2])
    def test_is_first_that_of_what_surely_arrived(self, case: Case, ann: Agent, lost: int) -> None:
        chats.reply(case.id, ann, "ok")
        outbox.settle(sent(case).id, Receipt("m1"))
        second = chats.reply(case.id, ann, "ok")
        sent(case, LOST)
        for number in range(3 - lost):
            echo(case, unnamed(number), "ok", clock.now())
        assert delivery(second) == (Delivery.AWAITED if lost == 2 else Delivery.SENT)

    def test_of_another_time_proves_nothing(self, case: Case, ann: Agent, traveller: time_machine.Traveller) -> None:
        an_hour_ago = clock.now()
        traveller.shift(timedelta(hours=1))
        message = chats.reply(case.id, ann, "ok")
        sent(case, LOST)
        echo(case, unnamed(1), "ok", an_hour_ago)
        assert delivery(message) == Delivery.AWAITED

    def test_that_was_taken_by_what_never_arrived_is_given_back(self, case: Case, ann: Agent) -> None:
        first, second = (chats.reply(case.id, ann, "ok") for _ in range(2))
        one = sent(case, LOST)
        two = sent(case)
        echo(case, unnamed(1), "ok", clock.now())
        assert delivery(first) == Delivery.SENT
        outbox.settle(two.id, Receipt("m2"))
        echo(case, unnamed(1), "ok", clock.now())
        assert standing(one, two) == [(outbox.AWAITING, ""), (outbox.DONE, "m2")]
        assert (delivery(first), delivery(second)) == (Delivery.AWAITED, Delivery.SENT)

    def test_is_recognised_though_nothing_marks_it_as_ours(self, case: Case) -> None:
        by_the_desk(case, "hello")
        outbox.settle(sent(case).id, Receipt("m1"))
        of_now = replace(shown(unnamed(1)), said_at=clock.now())
        assert [confirming.recognise(case.stream, of_now) for _ in range(2)] == [True, True]
        assert not confirming.recognise(case.stream, replace(of_now, external_id=unnamed(2)))


class TestWhatNothingMarksAsOurs:
    @pytest.mark.parametrize("error", [None, LOST], ids=["under way", "cut off"])
    def test_is_recognised_as_what_an_agent_sends_just_now(
        self, case: Case, ann: Agent, error: ChannelError | None
    ) -> None:
        message = chats.reply(case.id, ann, "hello")
        sent(case, error)
        assert confirming.recognise(case.stream, shown("m1", author=Author.AGENT))
        assert delivery(message) == Delivery.SENT

    def test_is_a_colleagues_where_ours_was_refused(self, case: Case) -> None:
        message = by_the_desk(case, "hello")
        sent(case, ChannelError("refused", permanent=True))
        assert not confirming.recognise(case.stream, shown("m1", author=Author.AGENT))
        assert delivery(message) == Delivery.FAILED

    def test_is_a_colleagues_long_after_nobody_knew(self, case: Case, traveller: time_machine.Traveller) -> None:
        message = by_the_desk(case, "hello")
        sent(case, LOST)
        traveller.shift(timedelta(hours=1))
        outbox.give_up_waiting()
        assert not confirming.recognise(case.stream, shown("m1", author=Author.AGENT))
        assert delivery(message) == Delivery.UNKNOWN

    def test_is_a_colleagues_where_ours_has_its_own_id(self, case: Case, ann: Agent) -> None:
        chats.reply(case.id, ann, "hello")
        outbox.settle(sent(case).id, Receipt("m1"))
        assert not confirming.recognise(case.stream, shown("m2", author=Author.AGENT))


def test_what_our_own_answer_made_sure_is_not_opened_again(
    case: Case, ann: Agent, traveller: time_machine.Traveller
) -> None:
    first = chats.reply(case.id, ann, "hello")
    outbox.settle(sent(case).id, Receipt(""))
    traveller.shift(timedelta(seconds=1))
    chats.reply(case.id, ann, "hello")
    two = sent(case)
    echo(case, "m2")
    outbox.settle(two.id, Receipt("m2"))
    assert delivery(first) == Delivery.SENT
    assert standing(two) == [(outbox.DONE, "m2")]
