"""What a visitor's browser lacks is brought whole, however much it is and however many cases it spans."""

from __future__ import annotations

import pytest
from flask import Flask

from channels.base import Author
from extensions import db
from models import Case, Message
from services.conversations import chats, messages, visitor_chats
from services.events import SYSTEM
from services.uow import lock_case, unit_of_work
from tests import factories as make


@pytest.fixture(autouse=True)
def desk(app: Flask) -> Flask:
    return app


def says_much(case: Case, count: int) -> None:
    """The customer says `count` things."""
    with unit_of_work():
        case = lock_case(case.id)
        for number in range(count):
            messages.add(case, messages.NewMessage(Author.CUSTOMER, f"line {number}", SYSTEM))


def caught_up(case: Case, cursor: str) -> tuple[list[Message], int]:
    """Everything that a browser with this cursor is told, and in how many answers."""
    found: list[Message] = []
    answers = 0
    while cursor:
        unseen = visitor_chats.unseen(make.fresh(case), cursor)
        found, cursor, answers = found + unseen.messages, unseen.more, answers + 1
    return found, answers


def stored_after_the_first() -> list[int]:
    """The ids of all messages but the first."""
    return list(db.session.scalars(db.select(Message.id).order_by(Message.id)))[1:]


@pytest.mark.row("R2")
@pytest.mark.parametrize("count", [1, 199, 200, 201, 450])
def test_a_long_gap_comes_in_parts_without_a_hole(count: int) -> None:
    case = make.chat()
    cursor = visitor_chats.cursor(case)
    says_much(case, count)
    found, answers = caught_up(case, cursor)
    assert [message.id for message in found] == stored_after_the_first()
    assert answers == count // messages.LATEST + 1


@pytest.mark.row("R7")
def test_cases_that_came_and_went_meanwhile_are_not_skipped() -> None:
    ann = make.agent()
    case = make.chat("one")
    cursor = visitor_chats.cursor(case)
    for text in ("two", "three"):
        chats.end(case.id, ann, "closed")
        case = make.chat(text)
    found, _ = caught_up(case, cursor)
    assert [message.text for message in found] == ["two", "three"]


@pytest.mark.row("R7")
def test_much_in_cases_that_came_and_went_comes_in_parts() -> None:
    ann = make.agent()
    case = make.chat("one")
    cursor = visitor_chats.cursor(case)
    for _ in range(3):
        says_much(case, 250)
        chats.end(case.id, ann, "closed")
        case = make.chat("again")
    found, answers = caught_up(case, cursor)
    assert [message.id for message in found] == stored_after_the_first()
    assert answers > 3


def test_an_older_case_that_is_active_again_is_told_as_a_new_page_shows_it() -> None:
    ann = make.agent()
    older = make.chat("one")
    chats.end(older.id, ann, "closed")
    newer = make.chat("two")
    cursor = visitor_chats.cursor(newer)
    chats.end(newer.id, ann, "closed")
    chats.reply(older.id, ann, "I looked it up")
    found, _ = caught_up(older, cursor)
    assert [message.text for message in found] == ["one", "I looked it up"]


def on_a_new_page(case: Case) -> list[str]:
    """What a browser shows that knows nothing yet."""
    return [message.text for message in visitor_chats.unseen(make.fresh(case), "").messages]


def test_a_new_page_shows_what_was_said_before_the_last_case_was_closed() -> None:
    ann = make.agent()
    older = make.chat("one")
    chats.reply(older.id, ann, "two")
    chats.end(older.id, ann, "closed")
    newer = make.chat("three")
    assert on_a_new_page(newer) == ["one", "two", "three"]


def test_a_new_page_shows_the_latest_messages_of_all_cases_in_order() -> None:
    ann = make.agent()
    older = make.chat("first")
    says_much(older, 150)
    chats.end(older.id, ann, "closed")
    newer = make.chat("again")
    says_much(newer, 150)
    unseen = visitor_chats.unseen(make.fresh(newer), "")
    every = list(db.session.scalars(db.select(Message.id).order_by(Message.id)))
    assert [message.id for message in unseen.messages] == every[-messages.LATEST :]
    assert unseen.more == ""


def test_a_new_page_shows_nothing_of_other_visitors_or_channels() -> None:
    make.chat("of another visitor", visitor="somebody else")
    make.chat("on another channel", channel=make.chatra())
    assert on_a_new_page(make.chat("mine")) == ["mine"]


def test_a_new_page_lacks_nothing_when_an_older_case_is_active_again() -> None:
    ann = make.agent()
    older = make.chat("one")
    chats.end(older.id, ann, "closed")
    newer = make.chat("two")
    chats.end(newer.id, ann, "closed")
    chats.reply(older.id, ann, "three")
    assert on_a_new_page(older) == ["one", "two", "three"]
    cursor = visitor_chats.cursor(make.fresh(older))
    chats.end(older.id, ann, "closed")
    chats.reply(newer.id, ann, "four")
    found, _ = caught_up(newer, cursor)
    assert [message.text for message in found] == ["two", "four"]
