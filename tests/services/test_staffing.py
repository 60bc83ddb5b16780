"""Agents come and go: what they had is taken over, and somebody stays who can change the settings."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent, Case, Event, EventKind, Status
from services import access_levels, agents, chats, groups, staffing, statuses
from services.access_levels import Level
from services.errors import InvalidInput
from services.uow import unit_of_work
from tests import factories as make


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", admin=True)


@pytest.fixture
def ann(boss: Agent) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def bob(boss: Agent) -> Agent:
    return make.agent("Bob")


def ended(agent: Agent, status: Status, visitor: str) -> Case:
    """A case that the agent has answered and ended."""
    case = make.chat(visitor=visitor)
    chats.reply(case.id, agent, "hello")
    return chats.end(case.id, agent, status)


def assignee(case: Case) -> int | None:
    return make.fresh(case).assignee_id


def kinds_after(case: Case, rev: int) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Event.kind).where(Event.case_id == case.id, Event.rev > rev)))


def test_an_administrator_changes_name_address_and_level(boss: Agent, ann: Agent) -> None:
    sales = groups.named("Sales")
    level = Level(Access.GROUPS, {sales.id: []})
    staffing.change(ann.id, name=" Anna ", email="ANNA@desk.example", is_admin=True, level=level)
    db.session.refresh(ann)
    assert (ann.name, ann.email, ann.is_admin) == ("Anna", "anna@desk.example", True)
    assert access_levels.of(ann) == level


def test_two_agents_cannot_have_one_address(ann: Agent, bob: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        staffing.change(ann.id, name="Ann", email=bob.email.upper(), is_admin=False, level=Level())
    assert refused.value.field == "email"


def test_the_last_administrator_stays_one(boss: Agent, ann: Agent) -> None:
    with pytest.raises(InvalidInput):
        staffing.change(boss.id, name="Boss", email=boss.email, is_admin=False, level=Level())
    with pytest.raises(InvalidInput):
        staffing.disable(boss.id, ann.id)
    with pytest.raises(InvalidInput):
        staffing.delete(boss.id, ann.id)


def test_who_is_disabled_is_signed_out_and_offline(ann: Agent, bob: Agent) -> None:
    before = ann.session_version
    staffing.disable(ann.id, bob.id)
    db.session.refresh(ann)
    assert agents.by_id(ann.id) is None
    assert (ann.session_version > before, statuses.of(ann).kind) == (True, "offline")


def test_who_is_disabled_leaves_open_and_pending_cases_to_the_heir_and_keeps_the_closed_ones(
    ann: Agent, bob: Agent
) -> None:
    cases = {status: ended(ann, status, f"visitor {status}") for status in Status}
    staffing.disable(ann.id, bob.id)
    assert [assignee(cases[status]) for status in (Status.OPEN, Status.PENDING, Status.CLOSED)] == [
        bob.id,
        bob.id,
        ann.id,
    ]


def test_who_is_deleted_leaves_all_cases_and_the_address(ann: Agent, bob: Agent) -> None:
    case, address = ended(ann, Status.CLOSED, "visitor"), ann.email
    staffing.delete(ann.id, bob.id)
    assert assignee(case) == bob.id
    assert ann.id not in [one.id for one in staffing.everyone()]
    agents.create(email=address, name="Another Ann", password="correct horse")


def test_their_chats_are_nobodys_again(ann: Agent, bob: Agent) -> None:
    case = make.chat()
    chats.take(case.id, ann)
    rev = make.fresh(case).rev
    staffing.disable(ann.id, bob.id)
    assert (make.fresh(case).fixated_to_id, case.assignee_id, case.active) == (None, bob.id, True)
    assert kinds_after(case, rev) == [EventKind.CASE_ASSIGNED, EventKind.CHAT_RELEASED]


def test_an_heir_who_may_not_see_a_case_does_not_get_it(ann: Agent, bob: Agent) -> None:
    access_levels.give(bob.id, Level(Access.GROUPS, {groups.named("Sales").id: []}))
    case = ended(ann, Status.OPEN, "visitor")
    staffing.disable(ann.id, bob.id)
    assert assignee(case) is None


def test_an_heir_with_limited_access_sees_what_they_are_given(ann: Agent, bob: Agent) -> None:
    access_levels.give(bob.id, Level(Access.LIMITED))
    case = ended(ann, Status.OPEN, "visitor")
    staffing.disable(ann.id, bob.id)
    assert assignee(case) == bob.id


@pytest.mark.parametrize("who", ["nobody", "themselves", "somebody disabled"])
def test_the_heir_is_another_active_agent(ann: Agent, bob: Agent, who: str) -> None:
    if who == "somebody disabled":
        with unit_of_work():
            bob.active = False
    heir = {"nobody": 4711, "themselves": ann.id, "somebody disabled": bob.id}[who]
    with pytest.raises(InvalidInput) as refused:
        staffing.disable(ann.id, heir)
    assert refused.value.field == "heir"


def test_what_a_crash_left_behind_is_handed_over_later(ann: Agent, bob: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    case = ended(ann, Status.OPEN, "visitor")
    with monkeypatch.context() as crash:
        crash.setattr(staffing, "hand_over", lambda agent_id: None)
        staffing.disable(ann.id, bob.id)
    assert staffing.unfinished() == [ann.id]
    staffing.hand_over(ann.id)
    assert (staffing.unfinished(), assignee(case)) == ([], bob.id)


def test_who_is_enabled_again_signs_in_with_the_old_password(ann: Agent, bob: Agent) -> None:
    staffing.disable(ann.id, bob.id)
    staffing.enable(ann.id)
    assert agents.authenticate(ann.email, "correct horse") is not None
