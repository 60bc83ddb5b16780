"""Who loses sight of a case: found by how it stood before, whatever changed it (product.md §4.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from channels.base import Author
from models import Access, Agent, AgentStatus, Case, EventKind, Group, Handling, Status, StatusKind
from services import access
from services.attendance import statuses
from services.conversations import chats
from services.events import SYSTEM, Work, committed
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import lock_case, record, unit_of_work
from tests import factories as make


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def bob(app: Flask) -> Agent:
    return make.agent("Bob")


def who_lost(case: Case, change: Callable[[], object]) -> set[int]:
    """The agents who lost sight of the case by a change."""
    works: list[Work] = []

    def listen(work: Work) -> None:
        works.append(work)

    with committed.connected_to(listen):
        change()
    fresh = make.fresh(case)
    return {one for work in works if case.id in work.before for one in access.lost_sight(fresh, work.before[case.id])}


def moves(case: Case, group: Group) -> Callable[[], None]:
    def change() -> None:
        with unit_of_work():
            moved = lock_case(case.id)
            moved.group_id = group.id
            record(moved, EventKind.GROUP_CHANGED, SYSTEM, group=group.id)

    return change


def test_agents_of_the_old_group_lose_a_case_that_moves(ann: Agent, bob: Agent) -> None:
    case, sales = make.chat(), groups.named("Sales")
    access_levels.give(bob.id, Level(Access.GROUPS, {case.group_id: []}))
    assert who_lost(case, moves(case, sales)) == {bob.id}


def test_nobody_loses_a_case_that_only_gets_words(ann: Agent, bob: Agent) -> None:
    case = make.chat()
    access_levels.give(bob.id, Level(Access.GROUPS, {case.group_id: []}))
    more = make.incoming("more", visitor=case.conversation, author=Author.CUSTOMER)
    assert who_lost(case, lambda: chats.receive(case.channel, more)) == set()


def test_a_limited_agent_loses_the_chat_that_ends_unassigned_to_them(ann: Agent, bob: Agent) -> None:
    case = make.chat()
    with unit_of_work():
        lock_case(case.id).assignee_id = ann.id
    chats.take(case.id, bob)
    access_levels.give(bob.id, Level(Access.LIMITED))
    assert who_lost(case, lambda: chats.end(case.id, bob, Status.OPEN)) == {bob.id}


def test_who_only_looks_loses_a_case_that_becomes_a_chat_again(ann: Agent, bob: Agent) -> None:
    access_levels.give(bob.id, Level(Access.VIEW_ONLY))
    case = make.chat()
    chats.end(case.id, ann, Status.OPEN)
    again = make.incoming("again", visitor=case.conversation)
    assert who_lost(case, lambda: chats.receive(case.channel, again)) == {bob.id}


def test_who_handles_no_cases_at_present_loses_a_chat_that_ends(ann: Agent, bob: Agent) -> None:
    with unit_of_work() as session:
        only_chats = AgentStatus(kind=StatusKind.CUSTOM, name="Chats", cases=Handling.NONE, chats=Handling.HANDLE)
        session.add(only_chats)
    statuses.choose(bob.id, only_chats.id)
    case = make.chat()
    assert who_lost(case, lambda: chats.end(case.id, ann, Status.OPEN)) == {bob.id}


def test_a_new_case_is_lost_by_nobody(ann: Agent) -> None:
    works: list[Work] = []

    def listen(work: Work) -> None:
        works.append(work)

    with committed.connected_to(listen):
        make.chat()
    assert works
    assert all(work.before == {} for work in works)
