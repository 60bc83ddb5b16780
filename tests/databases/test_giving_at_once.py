"""Several workers who give chats away at the same time: each chat once, and nobody more than they have room for."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import select

from extensions import db
from models import Agent, Case, Distribution, Event, EventKind
from services.conversations import chats, transfers
from services.distributing import giving, taking_back
from services.distributing.distribution import Gift
from services.settings import ChatSettings, change_chats
from services.team import groups
from services.team.groups import Giving
from services.uow import unit_of_work
from tests import factories as make
from tests.databases.test_writers import at_once, refused

WORKERS = 4


@pytest.fixture
def team(app: Flask) -> list[Agent]:
    """Three agents of two groups, who are given two chats each."""
    for group in (groups.first(), groups.named("Sales")):
        groups.change(group.id, name=group.name, from_name="", giving=Giving(Distribution.LEAST_BUSY))
    change_chats(ChatSettings(chats_at_once=2))
    return [make.agent(name) for name in ("Ann", "Bob", "Cid")]


def owners() -> Counter[int | None]:
    db.session.rollback()
    return Counter(db.session.scalars(select(Case.fixated_to_id)))


def given() -> Counter[int]:
    kind = Event.kind == EventKind.CHAT_TAKEN
    return Counter(db.session.scalars(select(Event.case_id).where(kind, Event.actor == "system")))


@pytest.mark.row("R26")
def test_two_groups_together_give_nobody_more_than_they_have_room_for(app: Flask, team: list[Agent]) -> None:
    sales = groups.named("Sales").id
    for number in range(12):
        case = make.chat(visitor=f"visitor {number}")
        if number % 2:
            transfers.to_group(case.id, team[0], sales)
    at_once(app, *[giving.give_away] * WORKERS)
    assert owners() == {None: 6, **{agent.id: 2 for agent in team}}
    assert set(given().values()) == {1}


@pytest.mark.row("R26")
def test_an_agents_last_places_are_given_once_however_many_have_planned_with_them(
    app: Flask, team: list[Agent]
) -> None:
    gifts = [Gift(make.chat(visitor=f"visitor {number}").id, team[0].id) for number in range(6)]
    assert sorted(at_once(app, *[lambda gift=gift: giving.give(gift) for gift in gifts])) == [False] * 4 + [True] * 2


@pytest.mark.row("R27")
def test_a_chat_that_is_taken_while_it_is_given_has_one_owner(app: Flask, team: list[Agent]) -> None:
    for number in range(5):
        case, taker = make.chat(visitor=f"visitor {number}"), make.agent("Dora")
        with unit_of_work():
            db.session.get_one(Agent, taker.id).capacity = 0
        case_id, taker_id = case.id, taker.id

        def take(case_id: int = case_id, taker_id: int = taker_id) -> bool:
            return refused(lambda: chats.take(case_id, db.session.get_one(Agent, taker_id)))

        lost, *_ = at_once(app, take, giving.give_away)
        owner = make.fresh(db.session.get_one(Case, case_id)).fixated_to_id
        assert (owner != taker_id) is lost
        chats.end(case_id, make.agent("Eve"), "closed")


def test_a_late_chat_is_taken_back_once(app: Flask, team: list[Agent]) -> None:
    case = make.chat()
    giving.give_away()
    answer_by = make.fresh(case).answer_by
    assert answer_by is not None
    taken_back = at_once(app, *[lambda: taking_back.from_the_late(case.id, answer_by)] * WORKERS)
    assert sorted(taken_back) == [False] * (WORKERS - 1) + [True]
