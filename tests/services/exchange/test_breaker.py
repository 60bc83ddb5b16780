"""The circuit breaker: after three failures in a row a channel is left alone, then asked once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from channels.base import ChannelError
from extensions import db
from models import Channel, OutboxItem
from services import clock
from services.conversations import chats
from services.exchange import breaker, channels, outbox
from tests import factories as make


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def channel(app: Flask, traveller: time_machine.Traveller) -> Channel:
    return make.chatra()


def fail(channel: Channel, times: int) -> None:
    for _ in range(times):
        breaker.note_failure(channel.id, "Chatra gave no answer.")


def fresh(channel: Channel) -> Channel:
    db.session.rollback()
    return db.session.get_one(Channel, channel.id, populate_existing=True)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (2, 0), (3, 5), (4, 10), (5, 20), (6, 40), (7, 60), (99, 60)]
)
def test_each_failure_doubles_the_pause_up_to_a_minute(failures: int, seconds: int) -> None:
    assert breaker.pause(failures) == timedelta(seconds=seconds)


@given(st.integers(0, 10_000))
def test_a_pause_is_never_shorter_than_the_one_before(failures: int) -> None:
    assert breaker.pause(failures) <= breaker.pause(failures + 1) <= timedelta(minutes=1)


def test_two_failures_change_nothing(channel: Channel) -> None:
    fail(channel, 2)
    assert breaker.admit(channel.id)
    assert fresh(channel).state_reason == ""


def test_a_success_between_failures_begins_the_count_anew(channel: Channel) -> None:
    fail(channel, 2)
    breaker.note_success(channel.id)
    fail(channel, 2)
    assert breaker.admit(channel.id)


def test_the_third_in_a_row_pauses_the_channel_and_says_why(channel: Channel) -> None:
    fail(channel, 3)
    assert not breaker.admit(channel.id)
    assert fresh(channel).state_reason == "Chatra gave no answer."


def test_after_the_pause_one_call_is_let_through_as_a_probe(
    channel: Channel, traveller: time_machine.Traveller
) -> None:
    fail(channel, 3)
    traveller.shift(timedelta(seconds=5))
    assert [breaker.admit(channel.id) for _ in range(3)] == [True, False, False]


def test_a_probe_that_never_came_back_is_followed_by_another(
    channel: Channel, traveller: time_machine.Traveller
) -> None:
    fail(channel, 3)
    traveller.shift(timedelta(seconds=5))
    assert breaker.admit(channel.id)
    traveller.shift(timedelta(seconds=30))
    assert breaker.admit(channel.id)


def test_a_probe_that_could_not_be_made_is_left_to_the_next(
    channel: Channel, traveller: time_machine.Traveller
) -> None:
    fail(channel, 3)
    traveller.shift(timedelta(seconds=5))
    assert breaker.admit(channel.id)
    breaker.give_back(channel.id)
    assert [breaker.admit(channel.id) for _ in range(2)] == [True, False]


def test_a_probe_that_fails_makes_the_pause_longer(channel: Channel, traveller: time_machine.Traveller) -> None:
    fail(channel, 3)
    traveller.shift(timedelta(seconds=5))
    assert breaker.admit(channel.id)
    fail(channel, 1)
    traveller.shift(timedelta(seconds=9))
    assert not breaker.admit(channel.id)
    traveller.shift(timedelta(seconds=1))
    assert breaker.admit(channel.id)


def test_what_waits_for_its_next_try_goes_out_at_once_after_a_pause(
    channel: Channel, traveller: time_machine.Traveller
) -> None:
    case = make.chat(channel=channel)
    chats.reply(case.id, make.agent(), "hello")
    item = outbox.claim(case.stream)
    assert item is not None
    outbox.fail(item.id, ChannelError("busy"), idempotent=False)
    fail(channel, 3)
    breaker.note_success(channel.id)
    assert db.session.scalars(select(OutboxItem.next_at)).all() == [clock.now()]


def test_another_channel_is_not_concerned(channel: Channel) -> None:
    fail(channel, 3)
    assert breaker.admit(make.chatra().id)


def test_while_a_channel_pauses_nothing_of_it_is_due_and_for_the_probe_one_stream_is(
    channel: Channel, traveller: time_machine.Traveller
) -> None:
    ann = make.agent()
    cases = [make.chat(channel=channel, visitor=name) for name in ("maria", "peter")]
    for case in cases:
        chats.reply(case.id, ann, "hello")
    assert len(outbox.due_streams(clock.now())) == 2
    fail(channel, 3)
    db.session.rollback()
    assert outbox.due_streams(clock.now()) == []
    assert outbox.claim(cases[0].stream) is None
    traveller.shift(timedelta(seconds=5))
    assert len(outbox.due_streams(clock.now())) == 1


def test_refused_keys_keep_their_reason(channel: Channel) -> None:
    channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
    fail(channel, 3)
    assert fresh(channel).state_reason == "Chatra refused the keys (answer 401)."


class TestAVendorThatAsksToBeLeftAlone:
    def test_is_left_alone_so_long_in_all_chats_whatever_works_meanwhile(
        self, channel: Channel, traveller: time_machine.Traveller
    ) -> None:
        case = make.chat(channel=channel)
        chats.reply(case.id, make.agent(), "hello")
        breaker.note_failure(channel.id, "slow down", 600.0)
        breaker.note_success(channel.id)
        for _ in range(10):
            assert not breaker.admit(channel.id)
            assert outbox.due_streams(clock.now()) == []
            traveller.shift(timedelta(minutes=1))
        assert outbox.due_streams(clock.now()) == [case.stream]
        assert breaker.admit(channel.id)

    @pytest.mark.parametrize("waits", [(60.0, 10.0), (10.0, 60.0)])
    def test_is_believed_when_it_asks_for_longer(
        self, channel: Channel, traveller: time_machine.Traveller, waits: tuple[float, float]
    ) -> None:
        for wait in waits:
            breaker.note_failure(channel.id, "slow down", wait)
        traveller.shift(timedelta(seconds=59))
        assert not breaker.admit(channel.id)
        traveller.shift(timedelta(seconds=1))
        assert breaker.admit(channel.id)

    def test_lets_other_channels_go_on(self, channel: Channel) -> None:
        breaker.note_failure(channel.id, "slow down", 600.0)
        assert breaker.admit(make.chatra().id)
