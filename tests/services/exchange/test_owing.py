"""Owing: parts in their order, edits and deletions behind what they change, and only what is missing once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from channels.base import Author, ChannelError, Receipt
from extensions import db
from models import Agent, Case, Delivery, Message, OutboxItem, Verb
from services.conversations import chats, corrections, messages
from services.events import SYSTEM, committed
from services.exchange import outbox, owing
from services.uow import lock_case, unit_of_work

BUSY = ChannelError("busy")
REFUSED = ChannelError("refused", permanent=True)
LOST = ChannelError("lost", uncertain=True)
FIRST, SECOND, THIRD = (letter * 4999 + "." for letter in "abc")
LONG = f"{FIRST} {SECOND} {THIRD}"


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    with committed.muted():
        yield


class Vendor:
    """Takes what is owed, and remembers what it shows of it by its own ids."""

    def __init__(self, case: Case) -> None:
        self.stream, self.channel_id = case.stream, case.channel_id
        self.shown: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []

    def take(self, error: ChannelError | None = None, *, arrives: bool = False) -> bool:
        """One call comes in, and fails or not; tells whether there was any."""
        item = outbox.claim(self.stream)
        if item is None:
            return False
        self.calls.append((item.verb, item.text))
        external_id = self._do(item) if error is None or arrives else ""
        if error is not None:
            outbox.fail(item.id, error, idempotent=False)
        else:
            outbox.settle(item.id, Receipt(external_id if item.verb == Verb.SEND else ""))
        return True

    def take_all(self) -> None:
        """Everything that may go out now."""
        while self.take():
            pass

    def echo(self, external_id: str) -> None:
        """It shows one of its messages."""
        outbox.confirm(self.channel_id, self.stream, external_id, self.shown[external_id])

    @property
    def texts(self) -> list[str]:
        return list(self.shown.values())

    def _do(self, item: OutboxItem) -> str:
        if item.verb == Verb.DELETE:
            self.shown.pop(outbox.change(item).external_id, None)
            return ""
        external_id = f"m{len(self.calls)}" if item.verb == Verb.SEND else outbox.change(item).external_id
        self.shown[external_id] = item.text
        return external_id


@pytest.fixture
def vendor(case: Case) -> Vendor:
    return Vendor(case)


def fresh(message: Message) -> Message:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True)


def delivery(message: Message) -> str:
    return fresh(message).delivery


def no_echo_comes(traveller: time_machine.Traveller) -> None:
    traveller.shift(timedelta(minutes=2))
    outbox.give_up_waiting()


class TestParts:
    @pytest.fixture
    def message(self, case: Case, ann: Agent) -> Message:
        """An answer in three parts."""
        return chats.reply(case.id, ann, LONG)

    def test_go_out_in_order_and_are_one_message(self, message: Message, vendor: Vendor) -> None:
        for _ in range(2):
            vendor.take()
            assert delivery(message) == Delivery.SENDING
        vendor.take()
        assert vendor.texts == [FIRST, SECOND, THIRD]
        assert delivery(message) == Delivery.SENT

    def test_keep_each_the_vendors_id_the_first_ones_is_the_messages(self, message: Message, vendor: Vendor) -> None:
        vendor.take_all()
        items = db.session.scalars(db.select(OutboxItem).order_by(OutboxItem.part)).all()
        assert [item.external_id for item in items] == ["m1", "m2", "m3"]
        assert fresh(message).external_id == "m1"

    def test_stop_at_one_that_failed_and_only_what_is_missing_is_sent_again(
        self, message: Message, vendor: Vendor, ann: Agent, case: Case
    ) -> None:
        behind = chats.reply(case.id, ann, "behind it")
        vendor.take()
        vendor.take(REFUSED)
        vendor.take_all()
        assert vendor.texts == [FIRST, "behind it"]
        assert (delivery(message), message.delivery_reason) == (Delivery.FAILED, "refused")
        assert delivery(behind) == Delivery.SENT
        outbox.send_again(message.id, ann)
        vendor.take_all()
        assert vendor.texts == [FIRST, "behind it", SECOND, THIRD]
        assert delivery(message) == Delivery.SENT

    @pytest.mark.row("R17")
    def test_wait_for_one_of_which_nobody_knows_and_go_on_with_its_echo(
        self, message: Message, vendor: Vendor, case: Case, ann: Agent
    ) -> None:
        chats.reply(case.id, ann, "behind it")
        vendor.take(LOST, arrives=True)
        assert not vendor.take()
        assert delivery(message) == Delivery.AWAITED
        vendor.echo("m1")
        vendor.take_all()
        assert vendor.texts == [FIRST, SECOND, THIRD, "behind it"]
        assert delivery(message) == Delivery.SENT

    def test_do_not_go_on_without_the_echo_but_what_is_behind_them_does(
        self, message: Message, vendor: Vendor, case: Case, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        chats.reply(case.id, ann, "behind it")
        vendor.take(LOST)
        no_echo_comes(traveller)
        vendor.take_all()
        assert vendor.texts == ["behind it"]
        assert delivery(message) == Delivery.UNKNOWN
        outbox.send_again(message.id, ann)
        vendor.take_all()
        assert vendor.texts == ["behind it", FIRST, SECOND, THIRD]

    def test_that_are_too_few_or_too_many_after_an_edit_are_sent_or_taken_away(
        self, message: Message, vendor: Vendor, ann: Agent
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, SECOND)
        vendor.take_all()
        assert vendor.texts == [SECOND]
        corrections.edit(message.id, ann, f"{SECOND} {THIRD}")
        assert delivery(message) == Delivery.SENDING
        vendor.take_all()
        assert vendor.texts == [SECOND, THIRD]
        assert delivery(message) == Delivery.SENT

    @pytest.mark.row("R13")
    def test_that_wait_for_their_echo_are_not_sent_again_with_what_failed(
        self, case: Case, vendor: Vendor, ann: Agent
    ) -> None:
        message = chats.reply(case.id, ann, FIRST)
        vendor.take()
        corrections.edit(message.id, ann, f"{SECOND} {THIRD}")
        vendor.take(REFUSED)
        vendor.take(LOST, arrives=True)
        outbox.send_again(message.id, ann)
        vendor.take_all()
        vendor.echo("m3")
        assert vendor.texts == [SECOND, THIRD]
        assert delivery(message) == Delivery.SENT

    def test_that_were_not_sent_yet_change_with_an_edit(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take()
        corrections.edit(message.id, ann, f"{FIRST} {THIRD}")
        vendor.take_all()
        assert vendor.calls == [(Verb.SEND, FIRST), (Verb.SEND, THIRD)]

    def test_are_all_taken_away_with_their_message(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take()
        vendor.take()
        corrections.delete(message.id, ann)
        vendor.take_all()
        assert vendor.texts == []
        assert [verb for verb, _ in vendor.calls] == [Verb.SEND, Verb.SEND, Verb.DELETE, Verb.DELETE]
        assert delivery(message) == Delivery.SENT


class TestEdits:
    @pytest.fixture
    def message(self, case: Case, ann: Agent) -> Message:
        return chats.reply(case.id, ann, "one")

    def test_of_what_was_not_sent_change_what_is_sent(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        corrections.edit(message.id, ann, "two")
        vendor.take_all()
        assert vendor.calls == [(Verb.SEND, "two")]

    def test_of_what_was_busy_change_what_is_tried_again(
        self, message: Message, vendor: Vendor, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        vendor.take(BUSY)
        corrections.edit(message.id, ann, "two")
        traveller.shift(timedelta(seconds=2))
        vendor.take_all()
        assert vendor.texts == ["two"]

    def test_several_in_a_row_are_one(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take_all()
        for text in ("two", "three", "four"):
            corrections.edit(message.id, ann, text)
        assert delivery(message) == Delivery.SENDING
        vendor.take_all()
        assert vendor.calls == [(Verb.SEND, "one"), (Verb.EDIT, "four")]
        assert (vendor.texts, delivery(message)) == (["four"], Delivery.SENT)

    def test_back_to_what_stood_there_are_none(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take_all()
        for text in ("two", "one"):
            corrections.edit(message.id, ann, text)
        assert not vendor.take()
        assert delivery(message) == Delivery.SENT

    def test_go_out_behind_what_was_owed_before(self, message: Message, vendor: Vendor, ann: Agent, case: Case) -> None:
        vendor.take_all()
        chats.reply(case.id, ann, "another")
        corrections.edit(message.id, ann, "two")
        vendor.take_all()
        assert vendor.calls[1:] == [(Verb.SEND, "another"), (Verb.EDIT, "two")]

    def test_while_it_is_being_sent_follow_it(self, message: Message, vendor: Vendor, ann: Agent, case: Case) -> None:
        item = outbox.claim(case.stream)
        assert item is not None
        corrections.edit(message.id, ann, "two")
        outbox.settle(item.id, Receipt("m9"))
        vendor.take_all()
        assert vendor.shown == {"m9": "two"}

    def test_while_one_is_under_way_follow_it_only_if_they_say_something_else(
        self, message: Message, vendor: Vendor, ann: Agent, case: Case
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        item = outbox.claim(case.stream)
        assert item is not None
        corrections.edit(message.id, ann, "three")
        corrections.edit(message.id, ann, "two")
        outbox.settle(item.id, Receipt())
        assert not vendor.take()
        assert delivery(message) == Delivery.SENT

    def test_of_what_waits_for_its_echo_follow_the_echo(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take(LOST, arrives=True)
        corrections.edit(message.id, ann, "two")
        assert not vendor.take()
        vendor.echo("m1")
        vendor.take_all()
        assert vendor.shown == {"m1": "two"}
        assert delivery(message) == Delivery.SENT

    def test_that_are_cut_off_are_tried_again_for_that_doubles_nothing(
        self, message: Message, vendor: Vendor, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        vendor.take(LOST)
        assert delivery(message) == Delivery.SENDING
        traveller.shift(timedelta(seconds=2))
        vendor.take_all()
        assert (vendor.texts, delivery(message)) == (["two"], Delivery.SENT)

    def test_that_are_cut_off_are_taken_back_by_another(
        self, message: Message, vendor: Vendor, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        vendor.take(LOST, arrives=True)
        corrections.edit(message.id, ann, "one")
        traveller.shift(timedelta(seconds=2))
        vendor.take_all()
        assert vendor.texts == ["one"]

    def test_that_fail_say_so_and_are_tried_again_when_asked(
        self, message: Message, vendor: Vendor, ann: Agent
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        vendor.take(REFUSED)
        assert (delivery(message), message.delivery_reason) == (Delivery.FAILED, "refused")
        assert not vendor.take()
        outbox.send_again(message.id, ann)
        vendor.take_all()
        assert (vendor.texts, delivery(message)) == (["two"], Delivery.SENT)

    def test_after_one_that_failed_are_made_even_back_to_the_first_words(
        self, message: Message, vendor: Vendor, ann: Agent
    ) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        vendor.take(REFUSED, arrives=True)
        corrections.edit(message.id, ann, "one")
        vendor.take_all()
        assert (vendor.texts, delivery(message)) == (["one"], Delivery.SENT)

    def test_of_what_failed_wait_until_it_is_sent_again(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take(REFUSED)
        corrections.edit(message.id, ann, "two")
        assert (vendor.take(), delivery(message)) == (False, Delivery.FAILED)
        outbox.send_again(message.id, ann)
        vendor.take_all()
        assert vendor.texts == ["two"]

    def test_of_which_the_vendor_never_told_an_id_fail_with_a_reason(
        self, message: Message, case: Case, ann: Agent
    ) -> None:
        item = outbox.claim(case.stream)
        assert item is not None
        outbox.settle(item.id, Receipt(""))
        corrections.edit(message.id, ann, "two")
        edit = outbox.claim(case.stream)
        assert edit is not None
        with pytest.raises(ChannelError, match="not known under which id"):
            outbox.change(edit)


class TestDeletions:
    @pytest.fixture
    def message(self, case: Case, ann: Agent) -> Message:
        return chats.reply(case.id, ann, "one")

    def test_of_what_was_not_sent_send_nothing(self, message: Message, vendor: Vendor, ann: Agent, case: Case) -> None:
        chats.reply(case.id, ann, "behind it")
        corrections.delete(message.id, ann)
        vendor.take_all()
        assert vendor.calls == [(Verb.SEND, "behind it")]

    def test_take_the_place_of_an_edit_that_is_owed(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take_all()
        corrections.edit(message.id, ann, "two")
        corrections.delete(message.id, ann)
        vendor.take_all()
        assert vendor.calls == [(Verb.SEND, "one"), (Verb.DELETE, "")]

    def test_of_what_waits_for_its_echo_follow_the_echo(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take(LOST, arrives=True)
        corrections.delete(message.id, ann)
        vendor.echo("m1")
        vendor.take_all()
        assert vendor.texts == []
        assert delivery(message) == Delivery.SENT

    def test_of_what_never_arrived_ask_nobody_to_send_it_again(
        self, message: Message, vendor: Vendor, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        vendor.take(LOST)
        corrections.delete(message.id, ann)
        no_echo_comes(traveller)
        assert delivery(message) == Delivery.SENT

    def test_while_it_is_tried_in_vain_let_it_rest(
        self, message: Message, case: Case, vendor: Vendor, ann: Agent, traveller: time_machine.Traveller
    ) -> None:
        item = outbox.claim(case.stream)
        assert item is not None
        corrections.delete(message.id, ann)
        outbox.fail(item.id, BUSY, idempotent=False)
        traveller.shift(timedelta(minutes=1))
        assert not vendor.take()
        assert delivery(message) == Delivery.SENT

    def test_that_fail_are_tried_again_when_asked(self, message: Message, vendor: Vendor, ann: Agent) -> None:
        vendor.take_all()
        corrections.delete(message.id, ann)
        vendor.take(REFUSED)
        assert delivery(message) == Delivery.FAILED
        outbox.send_again(message.id, ann)
        vendor.take_all()
        assert (vendor.texts, delivery(message)) == ([], Delivery.SENT)


def test_what_the_desk_says_by_itself_is_owed_without_an_agent(case: Case, vendor: Vendor) -> None:
    message = by_the_desk(case, "We are back at nine.")
    item = outbox.claim(case.stream)
    assert item is not None
    assert outbox.outbound(item).agent_email == ""
    outbox.settle(item.id, Receipt("m1"))
    assert delivery(message) == Delivery.SENT


def by_the_desk(case: Case, text: str) -> Message:
    """What a rule will say."""
    new = messages.NewMessage(author=Author.BOT, text=text, actor=SYSTEM, delivery=Delivery.SENDING)
    with unit_of_work():
        locked = lock_case(case.id)
        message = messages.add(locked, new)
        owing.owe(locked, message)
    return message
