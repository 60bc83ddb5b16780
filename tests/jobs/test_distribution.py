"""The line is looked at when something has moved it, and told to those who stand in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from rq import Queue

from extensions import db
from jobs import distribution, queues
from models import Agent, Case, Distribution, StatusKind
from realtime import waiting
from realtime.bus import bus
from services import clock
from services.attendance import statuses
from services.conversations import chats
from services.distributing import giving
from services.team import groups, handing_over, staffing
from services.team.groups import Giving
from services.uow import unit_of_work
from tests import factories as make
from tests.realtime.test_publish import Ear, listening
from tests.redis import RealRedis
from tests.serving import work_off

AT_MOST_SECONDS = 1.0


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, too, one look does all that can be done."""
    monkeypatch.setattr(queues, "SHORT_TURN_SECONDS", 60)


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann", admin=True)


@pytest.fixture
def support(ann: Agent) -> None:
    """The website's group gives its chats away; nobody has been rung for yet."""
    groups.change(groups.first().id, name="Support", from_name="", giving=Giving(Distribution.LEAST_BUSY))
    forget_rings()


@pytest.fixture
def ear(app: Flask, real_redis: RealRedis) -> Iterator[Ear]:
    with listening(real_redis) as ear:
        yield ear


def rings() -> int:
    return len(Queue(queues.GIVING, connection=bus.redis))


def forget_rings() -> None:
    """As if Redis had lost everything."""
    bus.redis.flushall()


def places(ear: Ear) -> dict[str, int]:
    """Who was told which place since the last look."""
    frames = [frame for frame in ear.everything() if frame.payload.startswith('{"place"')]
    return {frame.topics[0]: json.loads(frame.payload)["place"] for frame in frames}


def topic(case: Case) -> str:
    return f"customer:{make.fresh(case).customer.public_id}"


def line_of(number: int) -> list[Case]:
    return [make.chat(visitor=f"visitor {one}") for one in range(number)]


def go_on_after_a_second() -> None:
    bus.redis.delete("deskbell:line:pause")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def listen(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    db.event.listen(db.engine, "before_cursor_execute", listen)
    yield asked
    db.event.remove(db.engine, "before_cursor_execute", listen)


class TestRings:
    def test_a_new_chat_is_given_by_the_worker_who_is_rung_for(self, app: Flask, support: None, ann: Agent) -> None:
        case = make.chat()
        assert rings() == 1
        work_off(app)
        assert make.fresh(case).fixated_to_id == ann.id

    def test_nobody_is_rung_for_where_no_group_gives_chats_away(self, ann: Agent) -> None:
        case = make.chat()
        chats.take(case.id, ann)
        chats.end(case.id, ann, "open")
        statuses.choose(ann.id, statuses.built_in(StatusKind.OFFLINE).id)
        assert rings() == 0

    def test_words_in_a_chat_move_nothing_and_ask_nothing(self, support: None, ann: Agent) -> None:
        case = make.chat()
        chats.take(case.id, ann)
        forget_rings()
        with statements() as asked:
            chats.receive(case.channel, make.incoming("and another thing"))
        assert (rings(), [one for one in asked if "distribution !=" in one]) == (0, [])

    @pytest.mark.parametrize(
        "what",
        [
            lambda case, ann: chats.take(case.id, ann),
            lambda case, ann: chats.end(case.id, ann, "open"),
            lambda case, ann: statuses.choose(ann.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id),
            lambda case, ann: groups.change(groups.first().id, name="A", from_name="", giving=Giving()),
        ],
        ids=["taken", "ended", "an agent's status", "a group's setting"],
    )
    def test_what_moves_the_line_rings(self, support: None, ann: Agent, what: Callable[[Case, Agent], object]) -> None:
        case = make.chat()
        forget_rings()
        what(case, ann)
        assert rings() == 1

    def test_many_at_once_need_one_bell(self, support: None) -> None:
        line_of(5)
        assert rings() == 1

    def test_a_bell_that_was_lost_is_made_up_for_by_the_sweep(self, support: None, ann: Agent) -> None:
        case = make.chat()
        forget_rings()
        distribution.sweep()
        assert make.fresh(case).fixated_to_id == ann.id

    def test_a_line_that_cannot_be_looked_at_holds_nobody_up(
        self, support: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def stumble(work: object) -> bool:
            raise RuntimeError("no database")

        monkeypatch.setattr(giving, "is_called_for", stumble)
        assert make.chat().active
        assert "the line was not looked at" in caplog.text

    def test_who_gives_way_rings_for_the_rest(self, app: Flask, support: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queues, "SHORT_TURN_SECONDS", -1)
        cases = line_of(3)
        forget_rings()
        distribution.drain()
        owners = [make.fresh(case).fixated_to_id for case in cases]
        assert (sum(owner is not None for owner in owners), rings()) == (1, 1)
        work_off(app)
        assert all(make.fresh(case).fixated_to_id for case in cases)

    @pytest.mark.row("R27")
    def test_a_chat_is_assigned_within_a_second_by_the_recorded_times(self, app: Flask, support: None) -> None:
        """The worker runs here after each chat, as it does at once when nothing else waits for it."""
        cases = []
        for number in range(5):
            cases.append(make.chat(visitor=f"visitor {number}"))
            work_off(app)
        waited = [case.fixated_at - case.started_at for case in map(make.fresh, cases) if case.fixated_at]
        assert len(waited) == 5
        assert sorted(waited)[2].total_seconds() < AT_MOST_SECONDS

    @pytest.mark.row("R24")
    def test_what_a_disabled_agent_was_given_goes_to_the_next(self, app: Flask, support: None, ann: Agent) -> None:
        case, heir = make.chat(), make.agent("Heir")
        statuses.choose(heir.id, statuses.built_in(StatusKind.OFFLINE).id)
        bob = make.agent("Bob")
        work_off(app)
        given_to = make.fresh(case).fixated_to_id
        assert given_to in (ann.id, bob.id)
        statuses.choose(heir.id, statuses.built_in(StatusKind.ONLINE).id)
        with unit_of_work():
            db.session.get_one(Agent, heir.id).is_admin = True
        staffing.disable(given_to, heir.id)
        assert handing_over.unfinished()
        work_off(app)
        assert make.fresh(case).fixated_to_id in {ann.id, bob.id, heir.id} - {given_to}


class TestPlaces:
    @pytest.fixture(autouse=True)
    def nobody_is_free(self, support: None, ann: Agent) -> None:
        statuses.choose(ann.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)

    @pytest.mark.row("R26")
    def test_who_waits_is_told_the_place_and_each_who_moves_up(self, ear: Ear, ann: Agent) -> None:
        first, second, third = line_of(3)
        distribution.drain()
        assert places(ear) == {topic(first): 1, topic(second): 2, topic(third): 3}
        chats.end(first.id, make.agent("Bob"), "closed")
        statuses.choose(ann.id, statuses.built_in(StatusKind.OFFLINE).id)
        for agent in db.session.scalars(db.select(Agent).where(Agent.name == "Bob")):
            statuses.choose(agent.id, statuses.built_in(StatusKind.OFFLINE).id)
        go_on_after_a_second()
        distribution.drain()
        assert places(ear) == {topic(second): 1, topic(third): 2}

    def test_nobody_is_told_the_same_twice(self, ear: Ear) -> None:
        line_of(2)
        distribution.drain()
        assert len(places(ear)) == 2
        go_on_after_a_second()
        distribution.drain()
        assert places(ear) == {}

    def test_it_is_told_once_a_second_at_most_and_made_up_for_later(self, ear: Ear) -> None:
        (first,) = line_of(1)
        distribution.drain()
        assert places(ear) == {topic(first): 1}
        assert 0 < bus.redis.pttl("deskbell:line:pause") <= waiting.PAUSE_MILLISECONDS
        second = make.chat(visitor="second")
        distribution.drain()
        assert places(ear) == {}
        go_on_after_a_second()
        distribution.sweep()
        assert places(ear) == {topic(second): 2}

    def test_a_vendors_visitors_count_and_are_not_told(self, ear: Ear) -> None:
        theirs, ours = make.chat(channel=make.chatra(), visitor="theirs"), make.chat(visitor="ours")
        assert theirs.started_at < ours.started_at < clock.now()
        distribution.drain()
        assert places(ear) == {topic(ours): 2}

    def test_without_redis_chats_are_given_all_the_same(
        self, ann: Agent, real_redis: RealRedis, caplog: pytest.LogCaptureFixture
    ) -> None:
        (case,) = line_of(1)
        statuses.choose(ann.id, statuses.built_in(StatusKind.ONLINE).id)
        real_redis.kill()
        try:
            waiting.tell([])
            giving.give_away()
        finally:
            real_redis.start()
        assert make.fresh(case).fixated_to_id == ann.id
        assert "were not told their places" in caplog.text
