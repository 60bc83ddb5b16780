"""Where a message stands: by the time it was said if that can be true, then by arrival."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from services.conversations import chats, messages
from services.conversations.position import OLDEST, credible
from tests import factories as make

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOMENTS = st.timedeltas(timedelta(days=-9_000), timedelta(days=9_000)).map(lambda away: NOON + away)


class TestWhichTimeIsBelieved:
    @pytest.mark.parametrize(
        ("said_at", "believed"),
        [
            (None, NOON),
            (NOON, NOON),
            (NOON - SECOND, NOON - SECOND),
            (NOON + SECOND, NOON),
            (NOON + timedelta(days=365), NOON),
            (NOON - OLDEST, NOON - OLDEST),
            (NOON - OLDEST - SECOND, NOON),
            (datetime(1970, 1, 1, tzinfo=UTC), NOON),
        ],
    )
    def test_the_vendors_unless_it_lies_ahead_or_absurdly_far_back(
        self, said_at: datetime | None, believed: datetime
    ) -> None:
        assert credible(said_at, NOON) == believed

    @given(st.none() | MOMENTS, MOMENTS)
    def test_it_is_never_in_the_future_nor_older_than_a_month(self, said_at: datetime | None, now: datetime) -> None:
        believed = credible(said_at, now)
        assert now - OLDEST <= believed <= now
        assert believed in (said_at, now)


class TestInTheThread:
    def test_what_was_said_in_one_millisecond_stands_in_the_order_of_arrival(self, app: Flask) -> None:
        chatra = make.chatra()
        words = [str(number) for number in range(12)]
        for text in words:
            message = chats.receive(chatra, make.incoming(text, said_at=NOON))
        assert [found.text for found in messages.latest(message.case_id)] == words

    def test_vendor_and_agent_in_the_same_millisecond_do_not_collide(self, app: Flask) -> None:
        chatra, ann = make.chatra(), make.agent()
        with time_machine.travel(NOON, tick=False):
            case = make.case_of(chats.receive(chatra, make.incoming("one", said_at=NOON)))
            chats.reply(case.id, ann, "two")
            chats.receive(chatra, make.incoming("three", said_at=NOON))
            chats.reply(case.id, ann, "four")
        assert [found.text for found in messages.latest(case.id)] == ["one", "two", "three", "four"]
