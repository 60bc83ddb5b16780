"""What agents who have left and closed groups leave to others, a case at a time (product.md §4.2)."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent, Case, Event, EventKind, Group, Status
from services import publication
from services.conversations import chats
from services.events import Work, committed
from services.team import access_levels, groups, handing_over, staffing
from services.team.access_levels import Level
from services.uow import lock_case, unit_of_work
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


@pytest.fixture
def support(app: Flask) -> Group:
    return groups.first()


@pytest.fixture
def sales(app: Flask) -> Group:
    return groups.named("Sales")


def ended(agent: Agent, status: Status, visitor: str = "visitor") -> Case:
    """A case that the agent has answered and ended."""
    case = make.chat(visitor=visitor)
    chats.reply(case.id, agent, "hello")
    return chats.end(case.id, agent, status)


def assigned_to(case: Case) -> int | None:
    return make.fresh(case).assignee_id


def kinds_after(case: Case, rev: int) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Event.kind).where(Event.case_id == case.id, Event.rev > rev)))


class TestAnAgentWhoHasLeft:
    def test_leaves_open_and_pending_cases_to_the_heir_and_keeps_the_closed_ones(self, ann: Agent, bob: Agent) -> None:
        cases = {status: ended(ann, status, f"visitor {status}") for status in Status}
        staffing.disable(ann.id, bob.id)
        make.handed_over()
        assert [assigned_to(cases[status]) for status in (Status.OPEN, Status.PENDING, Status.CLOSED)] == [
            bob.id,
            bob.id,
            ann.id,
        ]

    def test_leaves_closed_cases_too_when_deleted(self, ann: Agent, bob: Agent) -> None:
        case = ended(ann, Status.CLOSED)
        staffing.delete(ann.id, bob.id)
        make.handed_over()
        assert assigned_to(case) == bob.id

    def test_leaves_chats_to_whoever_is_free(self, ann: Agent, bob: Agent) -> None:
        case = make.chat()
        chats.take(case.id, ann)
        rev = make.fresh(case).rev
        staffing.disable(ann.id, bob.id)
        make.handed_over()
        assert (make.fresh(case).fixated_to_id, case.assignee_id, case.active) == (None, bob.id, True)
        assert kinds_after(case, rev) == [EventKind.CASE_ASSIGNED, EventKind.CHAT_RELEASED]

    def test_leaves_nothing_to_an_heir_who_may_not_see_it(self, ann: Agent, bob: Agent, sales: Group) -> None:
        access_levels.give(bob.id, Level(Access.GROUPS, {sales.id: []}))
        case = ended(ann, Status.OPEN)
        staffing.disable(ann.id, bob.id)
        make.handed_over()
        assert assigned_to(case) is None

    def test_leaves_it_to_an_heir_with_limited_access_who_sees_it_then(self, ann: Agent, bob: Agent) -> None:
        access_levels.give(bob.id, Level(Access.LIMITED))
        case = ended(ann, Status.OPEN)
        staffing.disable(ann.id, bob.id)
        make.handed_over()
        assert assigned_to(case) == bob.id

    def test_leaves_it_to_the_heirs_heir_when_the_heir_has_left_meanwhile(self, ann: Agent, bob: Agent) -> None:
        carol, case = make.agent("Carol"), ended(ann, Status.OPEN)
        staffing.disable(ann.id, bob.id)
        staffing.disable(bob.id, carol.id)
        make.handed_over()
        assert assigned_to(case) == carol.id

    def test_leaves_it_to_nobody_when_heirs_point_at_each_other(self, ann: Agent, bob: Agent) -> None:
        case = ended(ann, Status.OPEN)
        staffing.disable(ann.id, bob.id)
        with unit_of_work():
            bob.active, bob.heir_id = False, ann.id
        make.handed_over()
        assert assigned_to(case) is None

    def test_takes_back_what_is_left_when_enabled_before_the_end(self, ann: Agent, bob: Agent) -> None:
        cases = [ended(ann, Status.OPEN, visitor) for visitor in ("one", "two")]
        staffing.disable(ann.id, bob.id)
        next(handing_over.steps(f"agent:{ann.id}"))
        staffing.enable(ann.id)
        make.handed_over()
        assert [assigned_to(case) for case in cases] == [bob.id, ann.id]


class TestAClosedGroup:
    def test_leaves_its_cases_to_the_replacement(self, sales: Group, support: Group) -> None:
        active, over = make.chat(visitor="one"), make.chat(visitor="two")
        chats.end(over.id, make.agent(), Status.CLOSED)
        groups.close(support.id, sales.id)
        make.handed_over()
        assert [make.fresh(case).group_id for case in (active, over)] == [sales.id, sales.id]

    def test_takes_cases_from_agents_who_do_not_see_the_replacement(self, sales: Group, support: Group) -> None:
        ann, carol = make.agent("Ann"), make.agent("Carol")
        case = make.chat()
        chats.take(case.id, ann)
        with unit_of_work():
            lock_case(case.id).assignee_id = carol.id
        groups.close(support.id, sales.id)
        # Members follow their group; whoever has lost it since does not.
        for agent in (ann, carol):
            access_levels.give(agent.id, Level(Access.GROUPS, {support.id: []}))
        make.handed_over()
        assert (make.fresh(case).assignee_id, case.fixated_to_id) == (None, None)

    def test_keeps_cases_with_agents_who_see_the_replacement(self, sales: Group, support: Group) -> None:
        case, ann = make.chat(), make.agent("Ann")
        chats.take(case.id, ann)
        groups.close(support.id, sales.id)
        make.handed_over()
        assert (make.fresh(case).assignee_id, case.fixated_to_id) == (ann.id, ann.id)


class TestManyCases:
    def test_the_doorbell_is_rung_with_the_decision(self, ann: Agent, bob: Agent, sales: Group, support: Group) -> None:
        rung: list[tuple[str, str]] = []
        with committed.connected_to(lambda work: rung.extend(work.rings)):
            staffing.disable(ann.id, bob.id)
            groups.close(sales.id, support.id)
        assert rung == [("spare", f"agent:{ann.id}"), ("spare", f"group:{sales.id}")]

    def test_what_was_not_rung_for_is_found(self, ann: Agent, bob: Agent, sales: Group, support: Group) -> None:
        ended(ann, Status.OPEN)
        staffing.disable(ann.id, bob.id)
        groups.close(support.id, sales.id)
        assert handing_over.unfinished() == [f"agent:{ann.id}", f"group:{support.id}"]
        make.handed_over()
        assert handing_over.unfinished() == []

    def test_only_what_is_live_is_told_one_by_one(self, sales: Group, support: Group) -> None:
        live, over = make.chat(visitor="one"), make.chat(visitor="two")
        chats.end(over.id, make.agent(), Status.OPEN)
        groups.close(support.id, sales.id)
        told: list[int] = []

        def listen(work: Work) -> None:
            told.extend(event.case_id for event in work.events)

        with committed.connected_to(listen):
            make.handed_over()
        assert told == [live.id]
        assert over.id not in [event.case_id for event in publication.kept_back()]
