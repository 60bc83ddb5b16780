"""Statuses: what an agent chose stays; only a lost connection or a used-up limit takes it away (product.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from extensions import db
from models import Agent, AgentStatus, Handling, StatusKind
from services import retention
from services.attendance import availability, status_times, statuses
from services.errors import Forbidden, InvalidInput
from services.events import Work, committed
from services.team import agents, groups, staffing
from services.uow import unit_of_work
from tests import factories as make

MORNING = datetime(2026, 3, 4, 9, tzinfo=UTC)
KINDS = [StatusKind.ONLINE, StatusKind.OFFLINE, StatusKind.WITHOUT_CHATS]


@pytest.fixture
def clock(app: Flask) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ann(clock: time_machine.Traveller) -> Agent:
    """Ann, who has just signed in."""
    ann = make.agent("Ann")
    statuses.begin(ann.id)
    return ann


def status_of(agent: Agent) -> str:
    db.session.rollback()
    db.session.refresh(agent)
    return statuses.of(agent).kind


def choose(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


def lunch(*, returns: bool = True, daily_minutes: int | None = None) -> AgentStatus:
    """A status of the desk's own."""
    with unit_of_work() as session:
        status = AgentStatus(
            kind=StatusKind.CUSTOM, name="Lunch", cases=Handling.VIEW, chats=Handling.NONE, returns=returns
        )
        status.daily_minutes = daily_minutes
        session.add(status)
    return status


def lose_connection(clock: time_machine.Traveller) -> None:
    clock.shift(statuses.GRACE)
    statuses.end_lapsed()


def test_a_fresh_desk_has_the_three_built_in_ones_with_the_numbers_that_everybody_knows(app: Flask) -> None:
    assert [(status.id, status.kind) for status in statuses.choices()] == list(enumerate(KINDS, 1))


def test_before_the_first_sign_in_an_agent_is_offline(app: Flask) -> None:
    new = agents.create(email="new@desk.example", name="New", password="correct horse")
    assert status_of(new) == StatusKind.OFFLINE


def test_a_sign_in_is_online(ann: Agent) -> None:
    assert status_of(ann) == StatusKind.ONLINE


def test_a_sign_in_leaves_the_last_status_to_those_who_keep_it(ann: Agent) -> None:
    choose(ann, StatusKind.WITHOUT_CHATS)
    with unit_of_work():
        ann.keeps_status = True
    statuses.begin(ann.id)
    assert status_of(ann) == StatusKind.WITHOUT_CHATS


def test_a_connection_that_is_gone_for_a_minute_and_a_beat_takes_the_status_away(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    statuses.note_connected([ann.id])
    clock.shift(statuses.GRACE - timedelta(seconds=1))
    statuses.end_lapsed()
    assert status_of(ann) == StatusKind.ONLINE
    clock.shift(timedelta(seconds=1))
    statuses.end_lapsed()
    assert status_of(ann) == StatusKind.OFFLINE


def test_a_connection_from_before_the_clock_was_set_back_is_none(ann: Agent, clock: time_machine.Traveller) -> None:
    statuses.note_connected([ann.id])
    clock.shift(timedelta(hours=-1))
    assert not availability.anyone("live_chat", groups.first().id)
    statuses.end_lapsed()
    assert status_of(ann) == StatusKind.OFFLINE
    statuses.arrive(ann)
    assert status_of(ann) == StatusKind.ONLINE
    assert availability.anyone("live_chat", groups.first().id)


@pytest.mark.parametrize("kind", [StatusKind.ONLINE, StatusKind.WITHOUT_CHATS])
def test_the_next_connection_gives_it_back(ann: Agent, clock: time_machine.Traveller, kind: StatusKind) -> None:
    choose(ann, kind)
    lose_connection(clock)
    statuses.note_connected([ann.id])
    assert status_of(ann) == kind


def test_unless_the_status_does_not_return(ann: Agent, clock: time_machine.Traveller) -> None:
    statuses.choose(ann.id, lunch(returns=False).id)
    lose_connection(clock)
    statuses.note_connected([ann.id])
    assert status_of(ann) == StatusKind.OFFLINE


@pytest.mark.row("R20")
def test_who_went_offline_by_hand_stays_offline_whatever_connects(ann: Agent, clock: time_machine.Traveller) -> None:
    choose(ann, StatusKind.OFFLINE)
    lose_connection(clock)
    statuses.note_connected([ann.id])
    assert status_of(ann) == StatusKind.OFFLINE


@pytest.mark.row("R20")
def test_what_was_chosen_while_the_connection_was_gone_is_not_overruled_by_its_return(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    lose_connection(clock)
    choose(ann, StatusKind.OFFLINE)
    statuses.note_connected([ann.id])
    assert status_of(ann) == StatusKind.OFFLINE


def test_a_status_ends_when_its_time_for_the_day_is_used_up_and_cannot_be_taken_again(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    pause = lunch(daily_minutes=30)
    statuses.choose(ann.id, pause.id)
    clock.shift(timedelta(minutes=29))
    statuses.end_used_up()
    assert status_of(ann) == StatusKind.CUSTOM
    clock.shift(timedelta(minutes=1))
    statuses.end_used_up()
    assert status_of(ann) == StatusKind.OFFLINE
    with pytest.raises(InvalidInput):
        statuses.choose(ann.id, pause.id)
    clock.shift(timedelta(days=1))
    statuses.choose(ann.id, pause.id)
    assert status_of(ann) == StatusKind.CUSTOM


def test_nobody_can_choose_what_does_not_exist(ann: Agent) -> None:
    with pytest.raises(InvalidInput):
        statuses.choose(ann.id, 4711)


def test_the_time_in_each_status_is_counted_within_the_day_that_is_asked_for(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(hours=2))
    choose(ann, StatusKind.WITHOUT_CHATS)
    clock.shift(timedelta(hours=14))
    midnight = MORNING.replace(hour=0)
    spent = [status_times.of(ann.id, day, day + timedelta(days=1)) for day in (midnight, midnight + timedelta(1))]
    online, without = (statuses.built_in(kind).id for kind in (StatusKind.ONLINE, StatusKind.WITHOUT_CHATS))
    assert spent == [{online: timedelta(hours=2), without: timedelta(hours=13)}, {without: timedelta(hours=1)}]


@pytest.mark.parametrize(("days", "is_kept"), [(729, True), (731, False)])
def test_times_are_forgotten_after_two_years(
    ann: Agent, clock: time_machine.Traveller, days: int, is_kept: bool
) -> None:
    clock.shift(timedelta(hours=1))
    choose(ann, StatusKind.OFFLINE)
    clock.shift(timedelta(days=days))
    for _ in retention.retire():
        pass
    assert bool(status_times.of(ann.id, MORNING, MORNING + timedelta(hours=1))) is is_kept


def test_the_time_of_all_agents_is_counted_in_one_query(ann: Agent, clock: time_machine.Traveller) -> None:
    bob = make.agent("Bob")
    agents.create(email="new@desk.example", name="New", password="correct horse")
    clock.shift(timedelta(hours=1))
    choose(bob, StatusKind.WITHOUT_CHATS)
    clock.shift(timedelta(minutes=30))
    midnight = MORNING.replace(hour=0)
    online, without = (statuses.built_in(kind).id for kind in (StatusKind.ONLINE, StatusKind.WITHOUT_CHATS))
    assert status_times.of_everyone(midnight, midnight + timedelta(1)) == {
        ann.id: {online: timedelta(minutes=90)},
        bob.id: {online: timedelta(hours=1), without: timedelta(minutes=30)},
    }


def test_who_chooses_online_without_any_connection_has_it_until_the_grace_ends(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    choose(ann, StatusKind.OFFLINE)
    clock.shift(timedelta(hours=1))
    choose(ann, StatusKind.ONLINE)
    clock.shift(statuses.GRACE - timedelta(seconds=1))
    statuses.end_lapsed()
    assert status_of(ann) == StatusKind.ONLINE
    clock.shift(timedelta(seconds=1))
    statuses.end_lapsed()
    assert status_of(ann) == StatusKind.OFFLINE


def test_who_is_disabled_while_they_sign_in_or_choose_stays_offline(ann: Agent) -> None:
    staffing.disable(ann.id, make.agent("Bob", admin=True).id)
    statuses.begin(ann.id)
    with pytest.raises(Forbidden):
        choose(ann, StatusKind.ONLINE)
    assert (status_of(ann), ann.connected_until) == (StatusKind.OFFLINE, None)


def test_everyone_who_depends_on_it_is_told_of_a_change_and_of_nothing_else(
    ann: Agent, clock: time_machine.Traveller
) -> None:
    told: list[set[int]] = []

    def hear(work: Work) -> None:
        told.append(work.agents)

    with committed.connected_to(hear):
        statuses.note_connected([ann.id])
        choose(ann, StatusKind.ONLINE)
        assert told == []
        choose(ann, StatusKind.WITHOUT_CHATS)
        lose_connection(clock)
        statuses.note_connected([ann.id])
    assert told == [{ann.id}] * 3
