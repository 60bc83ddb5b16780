"""Deliveries overlap, and not all of them may name their messages (chatra.md §2.2): the thread has each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from extensions import db
from jobs.adapters import adapter_of
from models import Case, Channel
from services.conversations import chats, messages
from services.exchange import inbox, intake
from tests import factories as make
from tests.channels.factories import CLIENT_ID, delivery, said

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STREAM = "channel:{}:" + CLIENT_ID


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def at(seconds: float) -> int:
    """So many seconds after noon, as Chatra tells times."""
    return int((NOON + timedelta(seconds=seconds)).timestamp() * 1000)


def comes(chatra: Channel, event: str, *listed: dict[str, Any], **single: object) -> None:
    """A delivery comes in and is applied."""
    body = {"eventName": event, "client": {"id": CLIENT_ID}, "messages": list(listed), **single}
    intake.accept(chatra, adapter_of(chatra.id), delivery(body, nonce=intake.new_nonce()))
    while inbox.apply_next(STREAM.format(chatra.id), adapter_of(chatra.id)) is not None:
        pass


def starts(chatra: Channel, text: str = "Hi") -> None:
    """A chat begins in the form of 2017: its message has nothing but words."""
    comes(chatra, "chatStarted", message={"text": text})


def named(text: str, seconds: float = 0) -> dict[str, Any]:
    return said(text, id=f"{text} at {seconds}", createdAt=at(seconds))


def timed(text: str, seconds: float = 0) -> dict[str, Any]:
    return said(text, id=None, createdAt=at(seconds))


def thread() -> list[str]:
    db.session.rollback()
    (case,) = db.session.scalars(db.select(Case))
    return [message.text for message in messages.latest(case.id)]


class TestAChatThatBeganWithoutAnId:
    def test_has_its_first_words_once_when_the_transcript_names_them(
        self, chatra: Channel, clock: time_machine.Traveller
    ) -> None:
        starts(chatra)
        clock.shift(60)
        comes(chatra, "chatFragment", named("and?", 30))
        clock.shift(600)
        for _ in range(2):
            comes(chatra, "chatTranscript", named("Hi"), named("and?", 30))
        assert thread() == ["Hi", "and?"]

    def test_does_not_begin_again_by_its_transcript(self, chatra: Channel, clock: time_machine.Traveller) -> None:
        starts(chatra)
        (case,) = db.session.scalars(db.select(Case))
        chats.end(case.id, make.agent(), "closed")
        clock.shift(600)
        comes(chatra, "chatTranscript", named("Hi"))
        assert (make.fresh(case).active, thread()) == (False, ["Hi"])

    def test_keeps_the_same_words_that_were_said_twice(self, chatra: Channel, clock: time_machine.Traveller) -> None:
        starts(chatra)
        clock.shift(60)
        comes(chatra, "chatTranscript", named("Hi"), named("Hi", 30))
        assert thread() == ["Hi", "Hi"]

    @pytest.mark.parametrize("seconds", [-11 * 60, 2 * 60])
    def test_keeps_the_same_words_of_another_time(
        self, chatra: Channel, clock: time_machine.Traveller, seconds: int
    ) -> None:
        starts(chatra)
        clock.shift(600)
        comes(chatra, "chatFragment", named("Hi", seconds))
        assert thread() == ["Hi", "Hi"]

    def test_keeps_what_a_colleague_said_in_the_same_words(self, chatra: Channel) -> None:
        starts(chatra)
        comes(chatra, "chatFragment", named("Hi") | {"type": "agent"})
        assert thread() == ["Hi", "Hi"]

    def test_is_doubled_by_no_replay_after_it_was_named(self, chatra: Channel, clock: time_machine.Traveller) -> None:
        starts(chatra)
        comes(chatra, "chatTranscript", named("Hi"))
        inbox.replay(chatra.id, 1)
        inbox.apply_next(STREAM.format(chatra.id), adapter_of(chatra.id))
        assert thread() == ["Hi"]


class TestTheMomentTells:
    def test_of_what_is_named_later(self, chatra: Channel) -> None:
        comes(chatra, "chatFragment", timed("Hi"))
        comes(chatra, "chatTranscript", named("Hi"))
        comes(chatra, "chatFragment", timed("Hi"))
        assert thread() == ["Hi"]

    def test_of_what_was_named_before(self, chatra: Channel) -> None:
        comes(chatra, "chatTranscript", named("Hi"))
        comes(chatra, "chatFragment", timed("Hi"))
        assert thread() == ["Hi"]

    def test_of_the_same_words_at_another_moment(self, chatra: Channel, clock: time_machine.Traveller) -> None:
        clock.shift(60)
        comes(chatra, "chatFragment", timed("ok"))
        comes(chatra, "chatTranscript", named("ok", 5))
        comes(chatra, "chatFragment", timed("ok", 10))
        assert thread() == ["ok", "ok", "ok"]

    def test_of_other_words_at_the_same_moment(self, chatra: Channel) -> None:
        comes(chatra, "chatFragment", timed("one"))
        comes(chatra, "chatTranscript", named("two"))
        assert thread() == ["one", "two"]
