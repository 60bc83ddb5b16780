"""The inbox: every delivery is stored once and applied once, in the order of its conversation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from channels.base import Adapter, Delivery
from extensions import db
from jobs.adapters import adapter_of
from models import Channel, InboxItem, Message
from services import clock
from services.events import Work, committed
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import CLIENT_ID, delivery, fragment, said


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def adapter(chatra: Channel) -> Adapter:
    return adapter_of(chatra.id)


@pytest.fixture
def stream(chatra: Channel) -> str:
    return f"channel:{chatra.id}:{CLIENT_ID}"


@pytest.fixture
def rings() -> Iterator[list[tuple[str, str]]]:
    """The doorbells that were rung."""
    heard: list[tuple[str, str]] = []

    def listen(work: Work) -> None:
        heard.extend(work.rings)

    with committed.connected_to(listen):
        yield heard


def words(text: str) -> Delivery:
    """A delivery with one message."""
    return fragment(said(text, id=f"id {text}", createdAt=1_767_225_600_000))


def item() -> InboxItem:
    db.session.rollback()
    return db.session.scalars(select(InboxItem).order_by(InboxItem.id)).first() or InboxItem()


class TestAccepting:
    def test_a_delivery_is_stored_and_its_stream_rung(
        self, chatra: Channel, adapter: Adapter, stream: str, rings: list[tuple[str, str]]
    ) -> None:
        assert intake.accept(chatra, adapter, words("one"))
        assert (item().state, item().stream) == (inbox.PENDING, stream)
        assert rings == [("inbound", stream)]

    def test_a_second_one_with_the_same_key_changes_nothing(
        self, chatra: Channel, adapter: Adapter, rings: list[tuple[str, str]]
    ) -> None:
        assert [intake.accept(chatra, adapter, words("one")) for _ in range(3)] == [True, False, False]
        assert len(rings) == 1

    def test_one_that_was_applied_already_does_not_come_back(
        self, chatra: Channel, adapter: Adapter, stream: str
    ) -> None:
        intake.accept(chatra, adapter, words("one"))
        inbox.apply_next(stream, adapter)
        assert not intake.accept(chatra, adapter, words("one"))
        assert inbox.next_pending(stream) is None

    @pytest.mark.row("R19")
    def test_another_body_under_a_known_key_is_stored_beside_the_first_and_counts_once_too(
        self, chatra: Channel, adapter: Adapter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(adapter), "key", lambda adapter, delivery: "k" * 120)
        deliveries = [words("one"), words("two")] * 2
        assert [intake.accept(chatra, adapter, delivery) for delivery in deliveries] == [True, True, False, False]

    def test_what_we_do_not_understand_is_set_aside_with_the_reason_and_rings_nobody(
        self, chatra: Channel, adapter: Adapter, rings: list[tuple[str, str]]
    ) -> None:
        assert intake.accept(chatra, adapter, delivery({"eventName": "somethingNew"}))
        (aside,) = inbox.set_aside(chatra.id)
        assert aside.reason
        assert rings == []

    def test_the_channel_notes_once_a_minute_that_it_was_heard(self, chatra: Channel, adapter: Adapter) -> None:
        heard: list[datetime] = []
        with time_machine.travel(clock.now(), tick=False) as traveller:
            for text in ("one", "two", "three"):
                intake.accept(chatra, adapter, words(text))
                db.session.refresh(chatra)
                assert chatra.heard_at is not None
                heard.append(chatra.heard_at)
                traveller.shift(timedelta(seconds=40))
        assert heard[0] == heard[1]
        assert heard[2] - heard[0] == timedelta(seconds=80)

    def test_an_answer_to_a_question_of_ours_is_no_sign_of_the_webhooks(
        self, chatra: Channel, adapter: Adapter
    ) -> None:
        intake.accept(chatra, adapter, delivery({"client": {"id": CLIENT_ID}}, fetched=True))
        db.session.refresh(chatra)
        assert chatra.heard_at is None


class TestApplying:
    def test_the_oldest_comes_first_one_at_a_time(self, chatra: Channel, adapter: Adapter, stream: str) -> None:
        for text in ("one", "two"):
            intake.accept(chatra, adapter, words(text))
        inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == ["one"]
        inbox.apply_next(stream, adapter)
        assert inbox.apply_next(stream, adapter) is None
        assert db.session.scalars(select(Message.text).order_by(Message.position)).all() == ["one", "two"]

    def test_a_stream_without_deliveries_has_nothing_to_apply(self, adapter: Adapter) -> None:
        assert inbox.apply_next("channel:1:nobody", adapter) is None

    def test_a_delivery_is_applied_whole_or_not_at_all(
        self, chatra: Channel, adapter: Adapter, stream: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        intake.accept(chatra, adapter, fragment(said("one", id="1"), said("two", id="2")))
        whole = inbox._apply
        monkeypatch.setattr(
            inbox, "_apply", lambda row, inbound: whole(row, inbound) if inbound.text == "one" else 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == []
        assert item().state == inbox.PENDING


class TestSlices:
    @pytest.fixture
    def long(self, chatra: Channel, adapter: Adapter, stream: str) -> list[str]:
        """A transcript of two and a half slices, taken in."""
        texts = [f"line {number}" for number in range(inbox.SLICE * 5 // 2)]
        transcript = [said(text, id=text, createdAt=None) for text in texts]
        intake.accept(chatra, adapter, fragment(*transcript, event="chatTranscript"))
        return texts

    def told(self) -> list[str]:
        db.session.rollback()
        return list(db.session.scalars(select(Message.text).order_by(Message.position)))

    def test_a_large_delivery_is_applied_in_several_units_of_work(
        self, long: list[str], adapter: Adapter, stream: str
    ) -> None:
        sizes: list[int] = []
        with committed.connected_to(lambda work: sizes.append(sum("message" in event.data for event in work.events))):
            inbox.apply_next(stream, adapter)
        assert [size for size in sizes if size] == [inbox.SLICE, inbox.SLICE, inbox.SLICE // 2]
        assert (self.told(), item().state) == (long, inbox.DONE)

    def test_what_is_left_when_it_may_not_go_on_stays_pending(
        self, long: list[str], adapter: Adapter, stream: str
    ) -> None:
        inbox.apply_next(stream, adapter, may_go_on=lambda: False)
        assert (self.told(), item().state) == (long[: inbox.SLICE], inbox.PENDING)
        while inbox.apply_next(stream, adapter, may_go_on=lambda: False) is not None:
            pass
        assert (self.told(), item().state) == (long, inbox.DONE)

    @pytest.mark.row("R32")
    def test_a_crash_in_a_slice_takes_back_that_slice_alone(
        self, long: list[str], adapter: Adapter, stream: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = inbox._apply
        with monkeypatch.context() as patch:
            place = f"line {inbox.SLICE + 3}"
            patch.setattr(inbox, "_apply", lambda row, said: 1 / 0 if said.text == place else whole(row, said))
            with pytest.raises(ZeroDivisionError):
                inbox.apply_next(stream, adapter)
        assert self.told() == long[: inbox.SLICE]
        inbox.apply_next(stream, adapter)
        assert self.told() == long

    @pytest.mark.row("R31")
    def test_one_thing_that_cannot_be_taken_keeps_back_nothing_else_and_the_delivery_is_shown(
        self, chatra: Channel, adapter: Adapter, stream: str
    ) -> None:
        lines = [said("one", id="1"), said("x" * 100_001, id="2"), said("three", id="3")]
        intake.accept(chatra, adapter, fragment(*lines))
        inbox.apply_next(stream, adapter)
        assert self.told() == ["one", "three"]
        assert [aside.reason for aside in inbox.set_aside(chatra.id)] == [
            "At most 100000 characters fit; this has 100001."
        ]


class TestSuspecting:
    @pytest.fixture(autouse=True)
    def traveller(self) -> Iterator[time_machine.Traveller]:
        """A clock that stands until it is moved."""
        with time_machine.travel(clock.now(), tick=False) as traveller:
            yield traveller

    def test_what_has_just_come_is_not_suspected(self, chatra: Channel, adapter: Adapter, stream: str) -> None:
        intake.accept(chatra, adapter, words("one"))
        assert inbox.suspect(stream) is None
        assert item().attempts == 0

    def test_after_three_tries_that_never_ended_a_delivery_is_set_aside_and_the_next_has_its_turn(
        self, chatra: Channel, adapter: Adapter, stream: str, traveller: time_machine.Traveller
    ) -> None:
        for text in ("poison", "two"):
            intake.accept(chatra, adapter, words(text))
        traveller.shift(timedelta(seconds=11))
        assert [inbox.suspect(stream) == item().id for _ in range(4)] == [True, True, True, False]
        assert item().state == inbox.ASIDE
        inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == ["two"]

    def test_a_try_that_fails_is_counted_once(
        self, chatra: Channel, adapter: Adapter, stream: str, traveller: time_machine.Traveller
    ) -> None:
        intake.accept(chatra, adapter, words("poison"))
        traveller.shift(timedelta(seconds=11))
        counted = inbox.suspect(stream)
        assert not inbox.fail_next(stream, "it broke", counted=counted)
        assert item().attempts == 1

    def test_a_large_delivery_that_gets_on_is_never_set_aside(
        self, chatra: Channel, adapter: Adapter, stream: str, traveller: time_machine.Traveller
    ) -> None:
        lines = [said(str(number), id=str(number)) for number in range(inbox.SLICE * 6)]
        intake.accept(chatra, adapter, fragment(*lines))
        traveller.shift(timedelta(seconds=11))
        for _ in range(5):
            assert inbox.suspect(stream)
            inbox.apply_next(stream, adapter, may_go_on=lambda: False)
        assert item().state == inbox.PENDING


class TestFailing:
    def test_twice_it_is_tried_again_the_third_time_it_is_set_aside(
        self, chatra: Channel, adapter: Adapter, stream: str
    ) -> None:
        intake.accept(chatra, adapter, words("poison"))
        intake.accept(chatra, adapter, words("two"))
        assert [inbox.fail_next(stream, "it broke") for _ in range(3)] == [False, False, True]
        assert (item().state, item().reason) == (inbox.ASIDE, "it broke")
        inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == ["two"]

    def test_a_reason_is_cut_to_what_fits(self, chatra: Channel, adapter: Adapter, stream: str) -> None:
        intake.accept(chatra, adapter, words("poison"))
        for _ in range(inbox.MOST_ATTEMPTS):
            inbox.fail_next(stream, "x" * 2000)
        assert len(item().reason) == 500

    def test_replaying_begins_anew(
        self, chatra: Channel, adapter: Adapter, stream: str, rings: list[tuple[str, str]]
    ) -> None:
        intake.accept(chatra, adapter, words("one"))
        for _ in range(inbox.MOST_ATTEMPTS):
            inbox.fail_next(stream, "it broke")
        rings.clear()
        inbox.replay(chatra.id, item().id)
        assert (item().state, item().reason, item().attempts) == (inbox.PENDING, "", 0)
        assert rings == [("inbound", stream)]

    @pytest.mark.parametrize("stranger", [True, False], ids=["of another channel", "that is not aside"])
    def test_nothing_else_is_replayed(self, chatra: Channel, adapter: Adapter, stream: str, stranger: bool) -> None:
        intake.accept(chatra, adapter, words("one"))
        for _ in range(inbox.MOST_ATTEMPTS if stranger else 1):
            inbox.fail_next(stream, "it broke")
        before = (item().state, item().attempts)
        inbox.replay(make.website().id if stranger else chatra.id, item().id)
        assert (item().state, item().attempts) == before


def test_a_stream_is_stale_once_something_has_waited_ten_seconds(
    chatra: Channel, adapter: Adapter, stream: str
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        intake.accept(chatra, adapter, words("one"))
        intake.accept(chatra, adapter, words("two"))
        traveller.shift(timedelta(seconds=10))
        assert inbox.stale_streams() == []
        traveller.shift(timedelta(seconds=1))
        assert inbox.stale_streams() == [stream]
        inbox.apply_next(stream, adapter)
        inbox.apply_next(stream, adapter)
        assert inbox.stale_streams() == []
