"""Presence on its way: from an agent's status to what the vendor shows (product.md §4.1, §13.6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from rq import Queue
from rq.cron import CronScheduler
from sqlalchemy import text

import jobs.presence
from channels.base import ChannelError
from config import Settings
from extensions import db
from jobs import cron, queues, sweeps
from models import Access, Agent, AgentStatus, Handling, Presence, StatusKind
from realtime.bus import bus
from services.attendance import presence, statuses
from services.exchange import breaker, channels
from services.team import access_levels, staffing
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.jobs.working import working
from tests.processes.running import eventually
from tests.serving import work_off
from tests.vendors import lighthouse
from tests.vendors.lighthouse import TTL, Lighthouse

MORNING = datetime(2026, 3, 4, 9, tzinfo=UTC)
DEBOUNCE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
HEARTBEAT = timedelta(seconds=statuses.BEAT_SECONDS)
BUSY = ChannelError("Lighthouse cannot take it at the moment (answer 503).")


@pytest.fixture
def traveller(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def vendor(traveller: time_machine.Traveller, tmp_path: Path) -> Iterator[Lighthouse]:
    with lighthouse.connected(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def desk(app: Flask, traveller: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The scheduler, as far as presence depends on it, and the workers of a desk, whose time is moved by hand."""
    schedulers: list[CronScheduler] = []
    ticks = [tick for tick in cron.SCHEDULE if tick.job in (jobs.presence.look, sweeps.end_statuses)]
    with monkeypatch.context() as patch:
        patch.setattr(cron, "SCHEDULE", ticks)
        patch.setattr(CronScheduler, "start", lambda scheduler: schedulers.append(scheduler))
        cron.run(app)
    return Desk(app, traveller, schedulers[0])


class Desk:
    """Time, the schedule and the workers."""

    def __init__(self, app: Flask, traveller: time_machine.Traveller, schedule: CronScheduler) -> None:
        self._app, self._traveller, self._schedule = app, traveller, schedule

    def work(self) -> None:
        """What is rung for now."""
        db.session.rollback()
        work_off(self._app)

    def pass_time(self, time: timedelta, *present: Agent, step: timedelta = HEARTBEAT) -> None:
        """Let time pass, step by step, in which these agents have a page open."""
        for _ in range(round(time / step)):
            self._traveller.shift(step)
            statuses.note_connected([agent.id for agent in present])
            self._schedule.enqueue_jobs()
            self.work()


@pytest.fixture
def ann(vendor: Lighthouse, desk: Desk) -> Agent:
    """Ann, who is online, which the vendor was told."""
    ann = make.agent("Ann")
    statuses.note_connected([ann.id])
    desk.work()
    assert vendor.told(ann) == [True]
    return ann


def choose(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


def lunch() -> AgentStatus:
    """A status of the desk's own, without access to active chats."""
    with unit_of_work() as session:
        status = AgentStatus(kind=StatusKind.CUSTOM, name="Lunch", cases=Handling.HANDLE, chats=Handling.NONE)
        session.add(status)
    return status


def kept(vendor: Lighthouse, agent: Agent) -> Presence:
    db.session.rollback()
    return db.session.get_one(Presence, (vendor.channel_id, agent.id), populate_existing=True)


def test_online_goes_out_at_once(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    ben = make.agent("Ben")
    desk.work()
    assert vendor.told(ben) == [True]


@pytest.mark.parametrize("status", [StatusKind.WITHOUT_CHATS, StatusKind.OFFLINE, "lunch"])
def test_who_handles_no_chats_any_more_goes_offline_in_the_vendor_after_the_debounce(
    status: StatusKind | str, ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    chosen = lunch() if status == "lunch" else statuses.built_in(StatusKind(status))
    statuses.choose(ann.id, chosen.id)
    desk.work()
    desk.pass_time(DEBOUNCE - HEARTBEAT, ann)
    assert vendor.told(ann) == [True]
    desk.pass_time(HEARTBEAT, ann)
    assert vendor.told(ann) == [True, False]
    choose(ann, StatusKind.ONLINE)
    desk.work()
    assert vendor.told(ann) == [True, False, True]


def test_a_lost_connection_goes_offline_in_the_vendor_after_grace_and_debounce(
    ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    desk.pass_time(statuses.GRACE + DEBOUNCE - HEARTBEAT)
    assert vendor.told(ann) == [True]
    desk.pass_time(HEARTBEAT)
    assert vendor.told(ann) == [True, False]


def test_a_reload_and_a_short_gap_are_never_told(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    desk.pass_time(statuses.GRACE + DEBOUNCE - 2 * HEARTBEAT)
    desk.pass_time(timedelta(seconds=60), ann)
    assert vendor.told(ann) == [True]


def test_a_level_without_live_chat_goes_offline_in_the_vendor(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    staffing.change(ann.id, name="Ann", email=ann.email, is_admin=False, level=Level(without=["live_chat"]))
    desk.work()
    desk.pass_time(DEBOUNCE, ann)
    assert vendor.told(ann) == [True, False]


@pytest.mark.parametrize("level", [Level(Access.VIEW_ONLY), Level(Access.LIMITED)])
def test_who_is_given_no_new_chats_by_their_level_is_shown_offline(
    level: Level, ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    ben = make.agent("Ben")
    access_levels.give(ben.id, level)
    desk.pass_time(HEARTBEAT, ann, ben)
    assert vendor.told(ben) == [False]


@pytest.mark.parametrize("leave", [staffing.disable, staffing.delete])
def test_who_is_disabled_or_deleted_goes_offline_under_the_address_that_the_vendor_knows(
    leave: object, ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    ben = make.agent("Ben")
    address = ben.email
    desk.work()
    assert callable(leave)
    leave(ben.id, ann.id)
    desk.pass_time(DEBOUNCE + HEARTBEAT, ann)
    assert [is_there for email, is_there in vendor.calls() if email == address] == [True, False]
    desk.pass_time(timedelta(seconds=TTL), ann, step=MINUTE)
    assert [agent.name for _, agent in presence.overview(vendor.channel_id)] == ["Ann"]
    assert [is_there for email, is_there in vendor.calls() if email != ann.email] == [True, False]


def test_a_new_address_is_told_once_the_old_one_is_offline(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    old = ann.email
    staffing.change(ann.id, name="Ann", email="anna@desk.example", is_admin=False, level=Level())
    desk.work()
    desk.pass_time(DEBOUNCE + HEARTBEAT, ann)
    assert vendor.calls() == [(old, True), (old, False), ("anna@desk.example", True)]


def test_it_is_told_again_before_the_vendor_forgets(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    desk.pass_time(timedelta(seconds=TTL), ann, step=MINUTE)
    assert vendor.told(ann) == [True] * 3


def test_a_vendor_that_fails_is_told_later_and_the_page_can_say_so(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    vendor.will_fail(BUSY)
    ben = make.agent("Ben")
    desk.work()
    assert (vendor.told(ben), kept(vendor, ben).result) == ([], BUSY.reason)
    desk.pass_time(HEARTBEAT, ann, ben)
    assert (vendor.told(ben), kept(vendor, ben).result) == ([True], "")


def test_a_vendor_that_keeps_failing_is_left_alone(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    vendor.will_fail(*[BUSY] * 6)
    people = [make.agent(f"Ben{number}") for number in range(4)]
    desk.work()
    assert vendor.channel.failures == breaker.PATIENCE
    assert vendor.channel.paused_until is not None
    desk.pass_time(timedelta(minutes=4), ann, *people, step=MINUTE)
    assert [vendor.told(one) for one in people] == [[True]] * 4


def test_a_vendor_that_refuses_the_keys_is_told_when_it_has_new_ones(
    ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    vendor.will_fail(ChannelError("Lighthouse refused the keys (answer 401).", permanent=True, broken=True))
    ben = make.agent("Ben")
    desk.pass_time(3 * HEARTBEAT, ann, ben)
    assert (vendor.channel.state, vendor.told(ben)) == ("broken", [])
    channels.replace_credentials(vendor.channel_id, vendor.channel.credentials)
    desk.pass_time(HEARTBEAT, ann, ben)
    assert (vendor.told(ann)[-1], vendor.told(ben)) == (True, [True])


def test_keys_that_cannot_be_read_fail_without_counting_against_the_vendor(
    ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    db.session.execute(
        text("UPDATE channel SET sealed_credentials = 'sealed with another key' WHERE kind = 'lighthouse'")
    )
    db.session.commit()
    ben = make.agent("Ben")
    desk.work()
    assert kept(vendor, ben).result == "The channel's keys could not be read."
    assert vendor.channel.failures == 0


def test_a_commit_whose_job_was_lost_is_told_by_the_next_look(ann: Agent, vendor: Lighthouse, desk: Desk) -> None:
    ben = make.agent("Ben")
    bus.redis.flushall()
    desk.pass_time(HEARTBEAT, ann, ben)
    assert vendor.told(ben) == [True]


@pytest.mark.row("R21")
def test_presence_is_right_again_within_a_heartbeat_after_redis_is_wiped(
    ann: Agent, vendor: Lighthouse, desk: Desk
) -> None:
    ben, cem = make.agent("Ben"), make.agent("Cem")
    desk.work()
    choose(ben, StatusKind.OFFLINE)
    desk.work()
    desk.pass_time(DEBOUNCE - HEARTBEAT, ann, ben, cem)
    dan = make.agent("Dan")
    bus.redis.flushall()
    desk.pass_time(HEARTBEAT, ann, ben, cem, dan)
    assert [vendor.told(one) for one in (ann, ben, cem, dan)] == [[True], [True, False], [True], [True]]
    bus.redis.flushall()
    desk.pass_time(3 * HEARTBEAT, ann, ben, cem, dan)
    assert [len(vendor.told(one)) for one in (ann, ben, cem, dan)] == [1, 2, 1, 1]


def test_what_is_left_when_a_turn_is_over_waits_behind_everybody_else(
    ann: Agent, vendor: Lighthouse, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = make.agent("Ben")
    presence.refresh(vendor.channel_id)
    with monkeypatch.context() as patch:
        patch.setattr(queues, "TURN_SECONDS", -1)
        jobs.presence.drain(presence.stream(vendor.channel_id))
    last = Queue(queues.VENDOR[-1], connection=bus.redis)
    assert [job.func_name for job in last.jobs] == ["jobs.presence.drain"]
    desk.work()
    assert vendor.told(ben) == [True]


def test_nobody_looks_where_no_vendor_is_told(app: Flask) -> None:
    make.agent("Ann")
    assert Queue(queues.SWEEPS, connection=bus.redis).jobs == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["dies before it tells", "dies after it has told"])
def test_a_worker_that_is_killed_with_a_call_loses_nothing(
    fault: str, app: Flask, tmp_path: Path, settings: Settings
) -> None:
    with lighthouse.connected(tmp_path) as vendor:
        ann = make.agent("Ann")
        with working(settings, "local"), working(settings, "vendor", fault) as doomed:
            assert eventually(lambda: doomed.process.poll() is not None)
        with unit_of_work() as session:
            session.get_one(Presence, (vendor.channel_id, ann.id)).claimed_until = MORNING
        bus.redis.flushall()
        jobs.presence.look()
        work_off(app)
        assert vendor.told(ann)[-1:] == [True]
        assert kept(vendor, ann).told is True
