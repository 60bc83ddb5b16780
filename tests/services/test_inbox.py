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
from services import clock, inbox
from services.events import Work, committed
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
        assert inbox.accept(chatra, adapter, words("one"))
        assert (item().state, item().stream) == (inbox.PENDING, stream)
        assert rings == [("inbound", stream)]

    def test_a_second_one_with_the_same_key_changes_nothing(
        self, chatra: Channel, adapter: Adapter, rings: list[tuple[str, str]]
    ) -> None:
        assert [inbox.accept(chatra, adapter, words("one")) for _ in range(3)] == [True, False, False]
        assert len(rings) == 1

    def test_one_that_was_applied_already_does_not_come_back(
        self, chatra: Channel, adapter: Adapter, stream: str
    ) -> None:
        inbox.accept(chatra, adapter, words("one"))
        inbox.apply_next(stream, adapter)
        assert not inbox.accept(chatra, adapter, words("one"))
        assert inbox.next_pending(stream) is None

    def test_what_we_do_not_understand_is_set_aside_with_the_reason_and_rings_nobody(
        self, chatra: Channel, adapter: Adapter, rings: list[tuple[str, str]]
    ) -> None:
        assert inbox.accept(chatra, adapter, delivery({"eventName": "somethingNew"}))
        (aside,) = inbox.set_aside(chatra.id)
        assert aside.reason
        assert rings == []

    def test_the_channel_notes_once_a_minute_that_it_was_heard(self, chatra: Channel, adapter: Adapter) -> None:
        heard: list[datetime] = []
        with time_machine.travel(clock.now(), tick=False) as traveller:
            for text in ("one", "two", "three"):
                inbox.accept(chatra, adapter, words(text))
                db.session.refresh(chatra)
                assert chatra.heard_at is not None
                heard.append(chatra.heard_at)
                traveller.shift(timedelta(seconds=40))
        assert heard[0] == heard[1]
        assert heard[2] - heard[0] == timedelta(seconds=80)


class TestApplying:
    def test_the_oldest_comes_first_one_at_a_time(self, chatra: Channel, adapter: Adapter, stream: str) -> None:
        for text in ("one", "two"):
            inbox.accept(chatra, adapter, words(text))
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
        inbox.accept(chatra, adapter, fragment(said("one", id="1"), said("two", id="2")))
        whole = inbox._apply
        monkeypatch.setattr(
            inbox, "_apply", lambda row, inbound: whole(row, inbound) if inbound.text == "one" else 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == []
        assert item().state == inbox.PENDING


class TestFailing:
    def test_twice_it_is_tried_again_the_third_time_it_is_set_aside(
        self, chatra: Channel, adapter: Adapter, stream: str
    ) -> None:
        inbox.accept(chatra, adapter, words("poison"))
        inbox.accept(chatra, adapter, words("two"))
        assert [inbox.fail_next(stream, "it broke") for _ in range(3)] == [False, False, True]
        assert (item().state, item().reason) == (inbox.ASIDE, "it broke")
        inbox.apply_next(stream, adapter)
        assert db.session.scalars(select(Message.text)).all() == ["two"]

    def test_a_reason_is_cut_to_what_fits(self, chatra: Channel, adapter: Adapter, stream: str) -> None:
        inbox.accept(chatra, adapter, words("poison"))
        for _ in range(inbox.MOST_ATTEMPTS):
            inbox.fail_next(stream, "x" * 2000)
        assert len(item().reason) == 500

    def test_replaying_begins_anew(
        self, chatra: Channel, adapter: Adapter, stream: str, rings: list[tuple[str, str]]
    ) -> None:
        inbox.accept(chatra, adapter, words("one"))
        for _ in range(inbox.MOST_ATTEMPTS):
            inbox.fail_next(stream, "it broke")
        rings.clear()
        inbox.replay(chatra.id, item().id)
        assert (item().state, item().reason, item().attempts) == (inbox.PENDING, "", 0)
        assert rings == [("inbound", stream)]

    @pytest.mark.parametrize("stranger", [True, False], ids=["of another channel", "that is not aside"])
    def test_nothing_else_is_replayed(self, chatra: Channel, adapter: Adapter, stream: str, stranger: bool) -> None:
        inbox.accept(chatra, adapter, words("one"))
        for _ in range(inbox.MOST_ATTEMPTS if stranger else 1):
            inbox.fail_next(stream, "it broke")
        before = (item().state, item().attempts)
        inbox.replay(make.website().id if stranger else chatra.id, item().id)
        assert (item().state, item().attempts) == before


def test_a_stream_is_stale_once_something_has_waited_ten_seconds(
    chatra: Channel, adapter: Adapter, stream: str
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        inbox.accept(chatra, adapter, words("one"))
        inbox.accept(chatra, adapter, words("two"))
        traveller.shift(timedelta(seconds=10))
        assert inbox.stale_streams() == []
        traveller.shift(timedelta(seconds=1))
        assert inbox.stale_streams() == [stream]
        inbox.apply_next(stream, adapter)
        inbox.apply_next(stream, adapter)
        assert inbox.stale_streams() == []
