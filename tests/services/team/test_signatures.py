"""Chat signatures: below the first answer of an agent in a chat of theirs, and nowhere else."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Agent
from services.conversations import chats, notes
from services.errors import InvalidInput
from services.team import roles, signatures, staffing
from services.team.access_levels import Level
from services.team.roles import Preset
from services.uow import unit_of_work
from tests import factories as make

SIGNED = "Hello\n\nAnn Fischer\nLantern & Loom"


@pytest.fixture
def ann(app: Flask) -> Agent:
    agent = make.agent("Ann")
    sign(agent, "Ann Fischer\nLantern & Loom")
    return agent


def sign(agent: Agent, signature: str) -> None:
    with unit_of_work() as session:
        session.get_one(Agent, agent.id).signature = signature


def test_the_first_answer_is_signed_and_the_next_ones_are_not(ann: Agent) -> None:
    case = make.chat()
    said = [chats.reply(case.id, ann, text).text for text in ("Hello", "Are you there?")]
    assert said == [SIGNED, "Are you there?"]


def test_an_answer_in_a_chat_that_was_taken_before_is_signed(ann: Agent) -> None:
    case = make.chat()
    chats.take(case.id, ann)
    assert chats.reply(case.id, ann, "Hello").text == SIGNED


def test_whoever_gets_the_chat_back_signs_again(ann: Agent) -> None:
    bob, case = make.agent("Bob"), make.chat()
    chats.reply(case.id, ann, "Hello")
    chats.take(case.id, bob, instead_of=ann.id)
    assert chats.reply(case.id, bob, "Hello").text == "Hello"
    chats.take(case.id, ann, instead_of=bob.id)
    assert chats.reply(case.id, ann, "Hello").text == SIGNED


def test_a_chat_that_begins_again_is_signed_again(ann: Agent) -> None:
    case = make.chat()
    chats.reply(case.id, ann, "Hello")
    chats.end(case.id, ann, "open")
    assert chats.reply(case.id, ann, "Hello").text == SIGNED


def test_an_answer_that_comes_twice_is_signed_once(ann: Agent) -> None:
    case = make.chat()
    said = {chats.reply(case.id, ann, "Hello", client_key="k").text for _ in range(2)}
    assert said == {SIGNED}


def test_who_has_no_signature_signs_as_their_role_does(app: Flask) -> None:
    bob, role = make.agent("Bob"), roles.create(Preset("First line", signature="The first line"))
    staffing.change(bob.id, name="Bob", email=bob.email, is_admin=False, level=Level(), role_id=role.id)
    assert chats.reply(make.chat().id, bob, "Hello").text == "Hello\n\nThe first line"
    sign(bob, "Bob")
    assert chats.reply(make.chat(visitor="other").id, bob, "Hello").text == "Hello\n\nBob"


def test_a_signature_stays_away_where_the_channel_has_no_room_for_it(ann: Agent) -> None:
    case = make.chat(channel=make.chatra())
    assert chats.reply(case.id, ann, "a" * 19_990).text == "a" * 19_990


def test_a_signature_is_at_most_500_characters_long(app: Flask) -> None:
    assert signatures.checked_signature(" a\r\nb ") == "a\nb"
    with pytest.raises(InvalidInput) as refused:
        signatures.checked_signature("a" * 501)
    assert refused.value.field == "signature"


def test_who_signs_nothing_costs_no_question(app: Flask) -> None:
    bob, case = make.agent("Bob"), make.chat()
    db.session.refresh(bob)
    asked: list[str] = []
    db.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert signatures.signed("Hello", case, bob, longest=100) == "Hello"
    assert asked == []


def test_a_note_is_no_answer(ann: Agent) -> None:
    case = make.chat()
    chats.take(case.id, ann)
    notes.add(case.id, ann, "I am on it")
    assert chats.reply(case.id, ann, "Hello").text == SIGNED
