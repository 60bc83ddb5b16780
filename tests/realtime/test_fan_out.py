"""What was committed reaches everyone whom it concerns and nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from models import Case
from services.conversations import chats
from tests import factories as make
from tests.realtime.desk import People, newcomer
from tests.realtime.listening import Listener

pytestmark = pytest.mark.slow


def row_of(case: Case) -> str:
    return f'id="chat-row-{case.id}"'


def push(listener: Listener) -> dict[str, Any]:
    """What a customer hears next: plain data, never the agents' fragments."""
    return dict(json.loads(listener.news()))


def said(pushed: dict[str, Any]) -> list[str]:
    return [message["text"] for message in pushed["messages"]]


def test_a_new_chat_arrives_at_every_agent(people: People) -> None:
    ann, bob = people.agent("Ann"), people.agent("Bob")
    case = make.chat("Where is my order?", visitor=newcomer())
    for news in (ann.news(), bob.news()):
        assert row_of(case) in news
        assert "Where is my order?" in news


def test_a_customer_hears_their_own_chat_only_and_as_data(people: People) -> None:
    maria, peter = newcomer(), newcomer()
    at_marias, at_peters = (people.customer(make.chat(visitor=visitor)) for visitor in (maria, peter))
    make.chat("I am Maria", visitor=maria)
    make.chat("I am Peter", visitor=peter)
    # All pushes go one way: had Peter heard Maria's, it would have come first.
    assert said(push(at_peters)) == ["I am Peter"]
    assert said(push(at_marias)) == ["I am Maria"]


def test_an_answer_reaches_its_customer_with_the_state_of_the_chat(people: People) -> None:
    ann, case = make.agent("Ann"), make.chat(visitor=newcomer())
    customer = people.customer(case)
    chats.reply(case.id, ann, "It left this morning.")
    heard = push(customer)
    assert said(heard) == ["It left this morning."]
    assert (heard["agent"], heard["state"], heard["cursor"]) == ("Ann", "active", f"{case.id}:{make.fresh(case).rev}")


def test_two_windows_of_one_customer_hear_the_same(people: People) -> None:
    maria = newcomer()
    case = make.chat(visitor=maria)
    windows = people.customer(case), people.customer(case)
    make.chat("Anybody there?", visitor=maria)
    assert [said(push(window)) for window in windows] == [["Anybody there?"]] * 2


def test_agents_hear_what_a_colleague_does(people: People) -> None:
    ann, case = make.agent("Ann"), make.chat(visitor=newcomer())
    bob = people.agent("Bob")
    chats.take(case.id, ann)
    assert f'data-owner="{ann.id}"' in bob.news()
    chats.end(case.id, ann, "pending")
    ended = bob.news()
    assert row_of(case) not in ended
    assert f'hx-target="#chat-row-{case.id}" hx-swap="delete"' in ended


def test_each_agent_hears_it_in_their_own_language(people: People) -> None:
    ann, olga = people.agent("Ann", language="en"), people.agent("Olga", language="ru")
    case = make.chat(visitor=newcomer())
    heard = ann.news(), olga.news()
    assert all(row_of(case) in news for news in heard)
    assert "Take chat" in heard[0]
    assert "Взять чат" in heard[1]


def test_many_messages_arrive_whole_once_and_in_order(people: People) -> None:
    maria = newcomer()
    at_marias = people.customer(make.chat(visitor=maria))
    ann = people.agent("Ann")
    wanted = [f"message {number:02}" for number in range(40)]
    for text in wanted:
        make.chat(text, visitor=maria)
    assert [said(push(at_marias)) for _ in wanted] == [[text] for text in wanted]
    assert all(text in ann.news() for text in wanted)
