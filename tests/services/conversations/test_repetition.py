"""The same id again: the same words count once, other words are kept and flagged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Author
from models import Channel, Message
from services import clock
from services.conversations import chats, messages, repetition
from services.conversations.repetition import SHORTEST_CUT, says_the_same
from tests import factories as make

LONG = "word " * 200


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.website()


def receive(channel: Channel, text: str, *, author: Author = Author.CUSTOMER, visitor: str = "maria") -> Message:
    """A message that comes under the one id of these tests."""
    said_at = clock.now() - timedelta(minutes=1)
    return chats.receive(channel, make.incoming(text, id="m1", author=author, visitor=visitor, said_at=said_at))


def thread(message: Message) -> list[tuple[str, bool]]:
    return [(said.text, said.variant) for said in messages.latest(message.case_id)]


class TestTheWords:
    @pytest.mark.parametrize(
        ("known", "came", "same"),
        [
            ("Hello", "Hello", True),
            ("Hello  there\n", " Hello there", True),
            ("Hello", "Hello there", False),
            ("Hello there", "Hello", False),
            ("Hello", "hello", False),
            (LONG, LONG[:-50], True),
            (LONG, LONG[: SHORTEST_CUT + 1] + "…", True),
            (LONG, LONG[: SHORTEST_CUT + 3] + "...", True),
            (LONG, LONG[: SHORTEST_CUT - 10], False),
            (LONG[:-50], LONG, False),
        ],
        ids=[
            "equal",
            "other white space",
            "longer",
            "a short beginning is not a cut",
            "capitals count",
            "cut by a vendor",
            "cut with a mark",
            "cut with dots",
            "too short for a cut",
            "a longer text says more than what was cut",
        ],
    )
    def test_are_the_same(self, known: str, came: str, same: bool) -> None:
        assert says_the_same(known, came) is same

    @given(st.text(min_size=1))
    def test_are_always_the_same_as_themselves(self, text: str) -> None:
        assert says_the_same(text, f"  {text}\n")


@pytest.mark.row("R19")
class TestUnderOneId:
    def test_other_words_are_a_message_of_their_own_however_often_they_come(self, channel: Channel) -> None:
        first = receive(channel, "Hello")
        others = [receive(channel, text).id for text in ("Good-bye", "Hello", " Good-bye ", "Good-bye")]
        assert thread(first) == [("Hello", False), ("Good-bye", True)]
        assert others == [others[0], first.id, others[0], others[0]]

    def test_a_third_wording_is_kept_too(self, channel: Channel) -> None:
        first = receive(channel, "one")
        for text in ("two", "three", "two", "one"):
            receive(channel, text)
        assert thread(first) == [("one", False), ("two", True), ("three", True)]

    def test_the_same_words_of_the_other_side_are_kept(self, channel: Channel) -> None:
        first = receive(channel, "Hello")
        receive(channel, "Hello", author=Author.AGENT)
        assert thread(first) == [("Hello", False), ("Hello", True)]

    def test_a_bot_and_an_agent_are_one_side(self, channel: Channel) -> None:
        first = receive(channel, "Hello", author=Author.BOT)
        receive(channel, "Hello", author=Author.AGENT)
        assert thread(first) == [("Hello", False)]

    def test_the_same_words_of_another_customer_are_kept(self, channel: Channel) -> None:
        first = receive(channel, "Hello")
        other = receive(channel, "Hello", visitor="peter")
        assert (first.case_id != other.case_id, other.variant) == (True, True)

    def test_a_flagged_message_wakes_people_as_any_other(self, channel: Channel) -> None:
        case = make.case_of(receive(channel, "Hello"))
        receive(channel, "Good-bye")
        assert make.fresh(case).unread == 2


def test_without_an_id_nothing_is_compared(channel: Channel) -> None:
    assert repetition.judge(channel, make.incoming(id=""), "Hello") == repetition.Standing()


def test_the_id_of_a_variant_fits_however_long_the_vendors_is(channel: Channel) -> None:
    make_one = [chats.receive(channel, make.incoming(text, id="x" * 200)) for text in ("one", "two")]
    assert len(make_one[1].external_id or "") <= 200
