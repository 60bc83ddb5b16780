"""What goes out to Chatra: long texts, files, edits, deletions, what the desk says by itself, and calls cut off."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
import time_machine
from sqlalchemy import select

from extensions import db
from jobs import outbound, sweeps
from models import Case, Delivery, InboxItem, Message
from services import clock, retention
from services.conversations import attachments, chats, corrections
from services.exchange import inbox, outbox
from tests import factories as make
from tests.flows.conftest import Flow
from tests.services.exchange.test_owing import FIRST, LONG, SECOND, THIRD, by_the_desk
from tests.vendors.chatra import ChatraSimulator, RestFault, Switches


@pytest.fixture
def case(flow: Flow, chatra: ChatraSimulator) -> Case:
    """A chat with a visitor of Chatra, whom an agent there has greeted."""
    chatra.store.advance(-60)
    chatra.visitor_says("maria", "Hi")
    chatra.agent_says("maria", "Welcome")
    flow.settle()
    return flow.chats()[0]


def sent(chatra: ChatraSimulator) -> list[str]:
    """What the visitor reads of us."""
    return [message.text for message in chatra.messages("maria") if message.type == "agent"][1:]


def delivery(message: Message) -> str:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True).delivery


def the_chat_is_over(flow: Flow, chatra: ChatraSimulator) -> None:
    """Its transcript repeats all that was said."""
    chatra.advance(601)
    flow.settle()
    assert db.session.scalars(select(InboxItem.reason).where(InboxItem.state == inbox.ASIDE)).all() == []


def test_a_long_answer_is_several_messages_there_and_one_here(flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
    message = chats.reply(case.id, make.agent(), LONG)
    flow.settle()
    the_chat_is_over(flow, chatra)
    assert sent(chatra) == [FIRST, SECOND, THIRD]
    assert flow.texts(case) == ["Hi", "Welcome", LONG]
    assert delivery(message) == Delivery.SENT


def test_files_go_as_links_with_the_last_words(flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
    files = attachments.store([attachments.Upload("an invoice.txt", io.BytesIO(b"plain words"))])
    message = chats.reply(case.id, make.agent(), f"{FIRST} Here it is.", files=files)
    flow.settle()
    first, last = sent(chatra)
    link = flow.app.config["DESKBELL"].public_url + attachments.signed_path(message.attachments[0])
    assert (first, last) == (FIRST, f"Here it is.\nan invoice.txt: {link}")


def test_an_edit_keeps_the_links(flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
    ann = make.agent()
    files = attachments.store([attachments.Upload("an invoice.txt", io.BytesIO(b"plain words"))])
    message = chats.reply(case.id, ann, "Here it is.", files=files)
    flow.settle()
    corrections.edit(message.id, ann, "Here you are.")
    flow.settle()
    (words,) = sent(chatra)
    assert words.startswith("Here you are.\nan invoice.txt: http")


def test_an_edit_and_a_deletion_are_carried_over_and_stay_so(flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
    ann = make.agent()
    edited, deleted = (chats.reply(case.id, ann, text) for text in ("It left yesterday.", "Bob is a fool."))
    flow.settle()
    corrections.edit(edited.id, ann, "It left today.")
    corrections.delete(deleted.id, ann)
    flow.settle()
    assert sent(chatra) == ["It left today."]
    assert (delivery(edited), delivery(deleted)) == (Delivery.SENT, Delivery.SENT)
    the_chat_is_over(flow, chatra)
    assert flow.texts(case) == ["Hi", "Welcome", "It left today.", ""]


def test_an_edit_of_what_chatra_does_not_know_any_more_fails_with_the_reason(
    flow: Flow, chatra: ChatraSimulator, case: Case
) -> None:
    ann = make.agent()
    message = chats.reply(case.id, ann, "It left yesterday.")
    flow.settle()
    chatra.store.messages.clear()
    corrections.edit(message.id, ann, "It left today.")
    flow.settle()
    assert delivery(message) == Delivery.FAILED
    assert message.delivery_reason == "Chatra no longer knows this message."


class TestWhatTheDeskSaysByItself:
    def test_is_pushed_and_its_echo_is_not_imported(self, flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
        message = by_the_desk(case, LONG)
        flow.settle()
        the_chat_is_over(flow, chatra)
        assert [request.path for request in chatra.requests if request.method == "POST"] == ["/api/pushedMessages/"] * 3
        assert flow.texts(case) == ["Hi", "Welcome", LONG]
        assert delivery(message) == Delivery.SENT

    @pytest.mark.row("R16")
    def test_is_not_imported_when_its_webhook_is_faster_than_our_receipt(
        self, flow: Flow, chatra: ChatraSimulator, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message = by_the_desk(case, "We are back at nine.")
        settle = outbox.settle

        def slowly(*receipt: object) -> None:
            chatra.deliver_all()
            stream = make.fresh(case).stream
            adapter = outbound.adapter_of(case.channel_id)
            while inbox.apply_next(stream, adapter) is not None:
                pass
            assert delivery(message) == Delivery.SENT
            settle(*receipt)  # type: ignore[arg-type]

        monkeypatch.setattr(outbox, "settle", slowly)
        flow.settle()
        the_chat_is_over(flow, chatra)
        assert flow.texts(case) == ["Hi", "Welcome", "We are back at nine."]

    @pytest.mark.row("R29")
    def test_is_settled_by_its_echo_after_a_call_that_was_cut_off(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        chatra.faults.fail(cut="after")
        message = by_the_desk(case, "We are back at nine.")
        flow.settle()
        assert (sent(chatra), delivery(message)) == (["We are back at nine."], Delivery.SENT)
        assert flow.texts(case) == ["Hi", "Welcome", "We are back at nine."]

    def test_is_edited_where_it_was_pushed(self, flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
        message = by_the_desk(case, "We are back at nine.")
        flow.settle()
        self.say(message, "We are back at ten.")
        flow.settle()
        the_chat_is_over(flow, chatra)
        assert sent(chatra) == ["We are back at ten."]
        assert flow.texts(case) == ["Hi", "Welcome", "We are back at ten."]

    @staticmethod
    def say(message: Message, text: str) -> None:
        from services.exchange import owing
        from services.uow import lock_case, unit_of_work

        with unit_of_work() as session:
            same = session.get_one(Message, message.id)
            case = lock_case(same.case_id)
            same.text = text
            owing.follow(case, same)


class TestACallThatIsCutOff:
    @pytest.mark.row("R29")
    def test_waits_for_its_echo_and_is_asked_about_when_none_comes(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        ann = make.agent()
        chatra.faults.fail(cut="before")
        message = chats.reply(case.id, ann, "hello")
        behind = chats.reply(case.id, ann, "behind it")
        flow.settle()
        assert (delivery(message), delivery(behind)) == (Delivery.AWAITED, Delivery.SENT)
        with time_machine.travel(clock.now() + timedelta(seconds=121)):
            sweeps.expire_leases()
            sweeps.ring_again()
            flow.settle()
        assert (sent(chatra), delivery(message)) == (["behind it"], Delivery.UNKNOWN)

    @pytest.mark.row("R13")
    def test_and_whose_echo_is_late_is_sent_once_unless_an_agent_asks(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        chatra.faults.fail(cut="after")
        chatra.faults.drop = 2
        message = chats.reply(case.id, make.agent(), "hello")
        flow.settle()
        with time_machine.travel(clock.now() + timedelta(seconds=121)):
            sweeps.expire_leases()
            sweeps.ring_again()
            flow.settle()
        assert (sent(chatra), delivery(message)) == (["hello"], Delivery.UNKNOWN)
        the_chat_is_over(flow, chatra)
        assert (sent(chatra), delivery(message)) == (["hello"], Delivery.SENT)
        assert flow.texts(case) == ["Hi", "Welcome", "hello"]

    @pytest.mark.row("R29")
    def test_in_a_long_answer_goes_on_with_what_is_missing(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        chatra.faults.fail(cut="after")
        message = chats.reply(case.id, make.agent(), LONG)
        flow.settle()
        assert (sent(chatra), delivery(message)) == ([FIRST, SECOND, THIRD], Delivery.SENT)

    @pytest.mark.row("R29")
    @pytest.mark.parametrize("status", [502, 504, 520, 522, 524])
    def test_by_a_gateway_is_not_sent_again_by_itself(
        self, flow: Flow, chatra: ChatraSimulator, case: Case, status: int
    ) -> None:
        chatra.faults.fail(status, done=True)
        chatra.faults.drop = 2
        message = chats.reply(case.id, make.agent(), "hello")
        flow.settle()
        with time_machine.travel(clock.now() + timedelta(seconds=30)):
            sweeps.expire_leases()
            sweeps.ring_again()
            flow.settle()
        assert (sent(chatra), delivery(message)) == (["hello"], Delivery.AWAITED)


class TestWebhooksThatNameNoMessages:
    @pytest.fixture
    def chatra(self) -> Iterator[ChatraSimulator]:
        with ChatraSimulator(switches=Switches(named="none")) as simulator:
            yield simulator

    def test_let_nobody_believe_that_what_they_take_back_is_gone(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        ann = make.agent()
        chatra.faults.fail(cut="after")
        message = chats.reply(case.id, ann, "Bob is a fool.")
        flow.settle()
        assert delivery(message) == Delivery.SENT
        corrections.delete(message.id, ann)
        flow.settle()
        assert (sent(chatra), delivery(message)) == (["Bob is a fool."], Delivery.FAILED)
        assert message.delivery_reason == "It is not known under which id the vendor keeps this message."

    @pytest.mark.row("R13")
    def test_repeat_what_arrived_without_hiding_that_its_like_did_not(
        self, flow: Flow, chatra: ChatraSimulator, case: Case
    ) -> None:
        ann = make.agent()
        chats.reply(case.id, ann, "ok")
        flow.settle()
        chatra.faults.fail(cut="before")
        second = chats.reply(case.id, ann, "ok")
        flow.settle()
        the_chat_is_over(flow, chatra)
        assert (sent(chatra), delivery(second)) == (["ok"], Delivery.AWAITED)


class TestWebhooksThatDoNotMarkWhatIsOurs:
    @pytest.fixture
    def chatra(self) -> Iterator[ChatraSimulator]:
        with ChatraSimulator(switches=Switches(marked="")) as simulator:
            yield simulator

    @pytest.mark.row("R16")
    @pytest.mark.parametrize("cut", ["", "after"])
    def test_double_no_answer(self, flow: Flow, chatra: ChatraSimulator, case: Case, cut: Literal["", "after"]) -> None:
        if cut:
            chatra.faults.fail(cut=cut)
        message = chats.reply(case.id, make.agent(), "It left.")
        flow.settle()
        the_chat_is_over(flow, chatra)
        assert flow.texts(case) == ["Hi", "Welcome", "It left."]
        assert (sent(chatra), delivery(message)) == (["It left."], Delivery.SENT)


def test_what_failed_is_still_known_part_by_part_after_a_month(flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
    ann = make.agent()
    chatra.faults.rest.extend([RestFault(), RestFault(400)])
    message = chats.reply(case.id, ann, LONG)
    flow.settle()
    assert (sent(chatra), delivery(message)) == ([FIRST], Delivery.FAILED)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        for _ in retention.retire():
            pass
        outbox.send_again(message.id, ann)
        flow.settle()
    assert (sent(chatra), delivery(message)) == ([FIRST, SECOND, THIRD], Delivery.SENT)
