"""Chats are given to agents who are there, and taken back from those who do not answer or have gone (§2.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from channels.base import Author
from extensions import db
from jobs import distribution, queues
from models import Access, Agent, Case, Distribution, Event, EventKind, Group, StatusKind
from services import settings
from services.attendance import statuses
from services.conversations import chats, transfers
from services.distributing import giving, line
from services.errors import InvalidInput
from services.settings import ChatSettings
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.team.groups import Giving
from services.uow import unit_of_work
from tests import factories as make
from tests.serving import work_off

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, too, one look does all that can be done."""
    monkeypatch.setattr(queues, "SHORT_TURN_SECONDS", 60)


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def support(clock: time_machine.Traveller) -> Group:
    """The group of the website's chats, which gives them away in turn."""
    return distributes(groups.first())


@pytest.fixture
def ann(support: Group) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def bob(support: Group, ann: Agent) -> Agent:
    return make.agent("Bob")


def distributes(group: Group, how: Distribution = Distribution.ROUND_ROBIN, answer_seconds: int = 60) -> Group:
    groups.change(group.id, name=group.name, from_name="", giving=Giving(how, answer_seconds))
    return group


def look() -> None:
    """What the worker does when it is rung for, and every two seconds."""
    db.session.rollback()
    distribution.drain()


def arrive(number: int = 1) -> list[Case]:
    """So many customers, one second after the other."""
    return [make.chat(visitor=f"visitor {one}") for one in range(number)]


def owner(case: Case) -> int | None:
    return make.fresh(case).fixated_to_id


def go(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


def may_have(agent: Agent, capacity: int) -> None:
    with unit_of_work():
        db.session.get_one(Agent, agent.id).capacity = capacity


def wait(clock: time_machine.Traveller, seconds: int) -> None:
    """Let time pass while every page stays open."""
    clock.shift(timedelta(seconds=seconds))
    statuses.note_connected(list(db.session.scalars(db.select(Agent.id))))


def last_event(case: Case) -> Event:
    db.session.rollback()
    return db.session.scalars(db.select(Event).where(Event.case_id == case.id).order_by(Event.id.desc()).limit(1)).one()


def test_without_distribution_everything_stays_new(clock: time_machine.Traveller) -> None:
    make.agent("Ann")
    (case,) = arrive()
    look()
    assert owner(case) is None


def test_who_is_given_a_chat_has_it_and_looks_after_the_case(ann: Agent) -> None:
    (case,) = arrive()
    look()
    case = make.fresh(case)
    assert (case.fixated_to_id, case.assignee_id) == (ann.id, ann.id)
    assert case.answer_by == NOON + timedelta(seconds=60)


def test_the_changelog_tells_a_gift_from_a_chat_that_was_taken(ann: Agent) -> None:
    (case,) = arrive()
    look()
    given = last_event(case)
    assert (given.kind, given.actor) == (EventKind.CHAT_TAKEN, "system")
    assert given.data == {"agent": ann.id, "given": True, "assigned": True}
    chats.take(case.id, ann)
    taken = last_event(case)
    assert (taken.kind, taken.actor, taken.data) == (EventKind.CHAT_TAKEN, f"agent_{ann.id}", {"agent": ann.id})


def test_a_case_that_somebody_looks_after_stays_theirs(ann: Agent, bob: Agent) -> None:
    (case,) = arrive()
    chats.take(case.id, bob)
    chats.end(case.id, bob, "open")
    go(bob, StatusKind.OFFLINE)
    chats.receive(case.channel, make.incoming(visitor="visitor 0"))
    look()
    case = make.fresh(case)
    assert (case.fixated_to_id, case.assignee_id) == (ann.id, bob.id)


@pytest.mark.parametrize("kind", [StatusKind.OFFLINE, StatusKind.WITHOUT_CHATS])
@pytest.mark.row("R24")
def test_who_takes_no_chats_is_given_none(ann: Agent, bob: Agent, kind: StatusKind) -> None:
    go(ann, kind)
    cases = arrive(3)
    look()
    assert [owner(case) for case in cases] == [bob.id] * 3


@pytest.mark.row("R24")
def test_who_is_not_connected_is_given_none(ann: Agent, clock: time_machine.Traveller) -> None:
    clock.shift(statuses.GRACE)
    (case,) = arrive()
    look()
    assert owner(case) is None


@pytest.mark.parametrize("level", [Access.LIMITED, Access.VIEW_ONLY])
def test_who_sees_no_new_chats_is_given_none(ann: Agent, level: Access) -> None:
    access_levels.give(ann.id, Level(level))
    (case,) = arrive()
    look()
    assert owner(case) is None


def test_only_members_of_the_group_are_given_its_chats(ann: Agent, bob: Agent) -> None:
    sales = distributes(groups.named("Sales"))
    access_levels.give(bob.id, Level(Access.GROUPS, {sales.id: []}))
    cases = arrive(2)
    transfers.to_group(cases[1].id, ann, sales.id)
    may_have(ann, 1)
    look()
    assert [owner(case) for case in cases] == [ann.id, bob.id]


def test_chats_that_an_agent_has_taken_count_too(ann: Agent) -> None:
    may_have(ann, 2)
    taken, *others = arrive(3)
    chats.take(taken.id, ann)
    look()
    assert [owner(case) for case in others] == [ann.id, None]


def test_the_usual_number_is_a_setting_and_counts_at_once(ann: Agent) -> None:
    settings.change_chats(ChatSettings(chats_at_once=1))
    cases = arrive(2)
    look()
    assert [owner(case) for case in cases] == [ann.id, None]
    settings.change_chats(ChatSettings(chats_at_once=2))
    look()
    assert [owner(case) for case in cases] == [ann.id, ann.id]


@pytest.mark.parametrize("number", [0, 101])
def test_the_usual_number_is_between_one_and_a_hundred(app: Flask, number: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        settings.change_chats(ChatSettings(chats_at_once=number))
    assert refused.value.field == "chats_at_once"


def test_the_next_who_is_free_gets_the_longest_waiting(ann: Agent, clock: time_machine.Traveller) -> None:
    may_have(ann, 1)
    cases = []
    for number in range(3):
        cases.append(make.chat(visitor=f"visitor {number}"))
        clock.shift(timedelta(seconds=1))
    look()
    chats.reply(cases[0].id, ann, "hello")
    chats.end(cases[0].id, ann, "closed")
    look()
    assert [owner(case) for case in cases] == [None, ann.id, None]


@pytest.mark.row("R26")
def test_of_a_hundred_chats_five_agents_with_room_for_three_get_fifteen_and_the_others_stand_in_line(
    app: Flask, support: Group, clock: time_machine.Traveller
) -> None:
    settings.change_chats(ChatSettings(chats_at_once=3))
    team = [make.agent(name) for name in ("Ann", "Bob", "Cid", "Dora", "Eve")]
    cases = []
    for number in range(100):
        cases.append(make.chat(visitor=f"visitor {number}"))
        clock.shift(timedelta(milliseconds=100))
    work_off(app)
    owners = [owner(case) for case in cases]
    assert Counter(owners) == {None: 85} | {one.id: 3 for one in team}
    assert None not in owners[:15]
    assert [line.place(case) for case in cases] == [0] * 15 + list(range(1, 86))
    assert [one.place for one in line.everyone()] == list(range(1, 86))


class TestAnswering:
    @pytest.fixture
    def case(self, ann: Agent) -> Case:
        """A chat that Ann was given; Bob came later."""
        (case,) = arrive()
        look()
        make.agent("Bob")
        return make.fresh(case)

    @pytest.fixture
    def bob(self, case: Case) -> Agent:
        return db.session.scalars(db.select(Agent).where(Agent.name == "Bob")).one()

    def test_in_time_nothing_happens(self, case: Case, ann: Agent, clock: time_machine.Traveller) -> None:
        wait(clock, 59)
        look()
        assert owner(case) == ann.id

    def test_too_late_the_next_one_gets_it(self, case: Case, bob: Agent, clock: time_machine.Traveller) -> None:
        wait(clock, 60)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id) == (bob.id, bob.id)
        assert case.answer_by == NOON + timedelta(seconds=120)

    def test_what_everybody_has_let_go_waits_and_goes_in_no_circles(
        self, case: Case, ann: Agent, bob: Agent, clock: time_machine.Traveller
    ) -> None:
        for _ in range(5):
            wait(clock, 60)
            look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id, line.place(case)) == (None, None, 1)
        assert case.passed_over == [ann.id, bob.id]
        cid = make.agent("Cid")
        look()
        assert owner(case) == cid.id

    @pytest.mark.parametrize("what", ["answers", "takes"])
    def test_who_answers_or_takes_it_keeps_it(
        self, case: Case, ann: Agent, clock: time_machine.Traveller, what: str
    ) -> None:
        if what == "answers":
            chats.reply(case.id, ann, "hello")
        else:
            chats.take(case.id, ann)
        wait(clock, 70)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.answer_by) == (ann.id, None)

    def test_an_answer_in_the_vendors_own_app_counts(
        self, case: Case, ann: Agent, clock: time_machine.Traveller
    ) -> None:
        chats.receive(case.channel, make.incoming(visitor="visitor 0", author=Author.AGENT))
        wait(clock, 70)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.answer_by) == (ann.id, None)

    def test_a_colleague_may_take_it_over(self, case: Case, bob: Agent, clock: time_machine.Traveller) -> None:
        chats.take(case.id, bob, instead_of=case.fixated_to_id)
        wait(clock, 70)
        look()
        assert owner(case) == bob.id

    def test_who_was_passed_over_may_be_given_it_another_time(
        self, case: Case, ann: Agent, bob: Agent, clock: time_machine.Traveller
    ) -> None:
        wait(clock, 60)
        look()
        chats.reply(case.id, bob, "hello")
        chats.end(case.id, bob, "open")
        go(bob, StatusKind.OFFLINE)
        chats.receive(case.channel, make.incoming(visitor="visitor 0"))
        look()
        assert owner(case) == ann.id

    def test_nobody_is_rushed_where_the_seconds_are_none(
        self, case: Case, ann: Agent, support: Group, clock: time_machine.Traveller
    ) -> None:
        distributes(support, answer_seconds=0)
        other = make.chat(visitor="another")
        go(db.session.scalars(db.select(Agent).where(Agent.name == "Bob")).one(), StatusKind.OFFLINE)
        look()
        wait(clock, 70)
        look()
        assert (owner(other), make.fresh(other).answer_by) == (ann.id, None)


class TestGone:
    """An agent who has a chat is not there any more."""

    @pytest.fixture
    def case(self, ann: Agent) -> Case:
        (case,) = arrive()
        look()
        return make.fresh(case)

    @pytest.mark.row("R24")
    @pytest.mark.parametrize("answer_seconds", [0, 60])
    @pytest.mark.parametrize("kind", [StatusKind.OFFLINE, StatusKind.WITHOUT_CHATS])
    def test_what_was_given_and_not_answered_goes_to_the_next_at_once(
        self, support: Group, ann: Agent, kind: StatusKind, answer_seconds: int
    ) -> None:
        distributes(support, answer_seconds=answer_seconds)
        (case,) = arrive()
        look()
        bob = make.agent("Bob")
        go(ann, kind)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id) == (bob.id, bob.id)

    @pytest.mark.parametrize("level", [Level(Access.VIEW_ONLY), Level(without=["live_chat"])])
    def test_so_does_the_chat_of_one_who_may_not_see_it_any_more_answered_or_not(
        self, case: Case, ann: Agent, level: Level
    ) -> None:
        chats.reply(case.id, ann, "Let me look")
        bob = make.agent("Bob")
        access_levels.give(ann.id, level)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id) == (bob.id, bob.id)

    @pytest.mark.row("R24")
    def test_or_back_into_the_line_where_nobody_is(self, case: Case, ann: Agent) -> None:
        go(ann, StatusKind.OFFLINE)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id, line.place(case)) == (None, None, 1)
        assert last_event(case).data == {"agent": ann.id, "reason": "absent"}

    def test_and_to_themselves_when_they_are_back_first(self, case: Case, ann: Agent) -> None:
        go(ann, StatusKind.OFFLINE)
        look()
        go(ann, StatusKind.ONLINE)
        look()
        assert owner(case) == ann.id

    def test_a_lost_connection_is_absence_too(self, case: Case, ann: Agent, clock: time_machine.Traveller) -> None:
        bob = make.agent("Bob")
        chats.take(case.id, ann)
        for seconds, has_it in ((60, ann), (59, ann), (1, bob)):
            clock.shift(timedelta(seconds=seconds))
            statuses.note_connected([bob.id])
            statuses.end_lapsed()
            look()
            assert owner(case) == has_it.id

    def test_what_they_have_answered_waits_for_them_while_the_customer_does_not(
        self, case: Case, ann: Agent, clock: time_machine.Traveller
    ) -> None:
        make.agent("Bob")
        chats.reply(case.id, ann, "hello")
        go(ann, StatusKind.OFFLINE)
        wait(clock, 70)
        look()
        assert owner(case) == ann.id

    @pytest.mark.parametrize("gone_first", [True, False])
    def test_what_they_have_answered_goes_on_when_the_customer_has_waited_too_long(
        self, case: Case, ann: Agent, clock: time_machine.Traveller, gone_first: bool
    ) -> None:
        bob = make.agent("Bob")
        chats.reply(case.id, ann, "hello")
        steps = [
            lambda: go(ann, StatusKind.OFFLINE),
            lambda: chats.receive(case.channel, make.incoming(visitor="visitor 0")),
        ]
        for step in steps if gone_first else steps[::-1]:
            step()
        wait(clock, 59)
        look()
        assert owner(case) == ann.id
        wait(clock, 1)
        look()
        case = make.fresh(case)
        assert (case.fixated_to_id, case.assignee_id) == (bob.id, ann.id)

    def test_so_does_what_they_had_taken_in_a_group_that_gives_nothing_away(
        self, clock: time_machine.Traveller
    ) -> None:
        ann, case = make.agent("Ann"), make.chat()
        chats.take(case.id, ann)
        go(ann, StatusKind.OFFLINE)
        look()
        assert owner(case) == ann.id
        wait(clock, 60)
        look()
        assert (owner(case), make.fresh(case).assignee_id) == (None, ann.id)


class TestComingBack:
    """R25: a customer who comes back is helped by somebody who is there."""

    @pytest.fixture
    def ended(self, ann: Agent) -> Case:
        """A case that Ann has ended before she went."""
        (case,) = arrive()
        look()
        chats.reply(case.id, ann, "hello")
        chats.end(case.id, ann, "pending")
        go(ann, StatusKind.OFFLINE)
        return case

    def come_back(self, case: Case) -> Case:
        chats.receive(case.channel, make.incoming("Again", visitor="visitor 0"))
        look()
        return make.fresh(case)

    @pytest.mark.row("R25")
    def test_by_another_one(self, ended: Case) -> None:
        bob = make.agent("Bob")
        assert self.come_back(ended).fixated_to_id == bob.id

    @pytest.mark.row("R25")
    def test_or_waits_in_the_line(self, ended: Case) -> None:
        case = self.come_back(ended)
        assert (case.active, case.fixated_to_id, line.place(case)) == (True, None, 1)


class TestChecks:
    """What was decided may be out of date when it is done."""

    def is_given_after(self, change: Callable[[], object]) -> bool:
        """Whether a chat is given all the same when something happens between the plan and the deed."""
        (gift,) = giving.planned()
        change()
        return giving.give(gift)

    @pytest.fixture
    def case(self, ann: Agent) -> Case:
        (case,) = arrive()
        return case

    @pytest.mark.row("R27")
    def test_a_chat_that_was_taken_stays_with_whoever_took_it(self, case: Case, bob: Agent) -> None:
        assert not self.is_given_after(lambda: chats.take(case.id, bob))
        assert owner(case) == bob.id

    def test_a_chat_that_has_ended_is_not_given(self, case: Case, ann: Agent) -> None:
        assert not self.is_given_after(lambda: chats.end(case.id, ann, "closed"))

    def test_who_has_gone_is_not_given_it(self, case: Case, ann: Agent) -> None:
        assert not self.is_given_after(lambda: go(ann, StatusKind.OFFLINE))

    def test_who_has_no_room_any_more_is_not_given_it(self, case: Case, ann: Agent) -> None:
        assert not self.is_given_after(lambda: may_have(ann, 0))

    def test_a_group_that_gives_nothing_away_any_more_keeps_it(self, case: Case, support: Group) -> None:
        assert not self.is_given_after(lambda: distributes(support, Distribution.NONE))

    def test_otherwise_it_is(self, case: Case, ann: Agent) -> None:
        assert self.is_given_after(lambda: None)
        assert owner(case) == ann.id


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("distribution", Giving("by lot")),
        ("answer_seconds", Giving(answer_seconds=-1)),
        ("answer_seconds", Giving(answer_seconds=3601)),
    ],
)
def test_what_a_group_cannot_have_is_refused(app: Flask, field: str, wanted: Giving) -> None:
    with pytest.raises(InvalidInput) as refused:
        groups.change(groups.first().id, name="Support", from_name="", giving=wanted)
    assert refused.value.field == field
