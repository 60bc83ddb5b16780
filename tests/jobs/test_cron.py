"""The schedule: every sweep is rung for at its interval, and what nobody picked up in time is forgotten."""

from __future__ import annotations

import pytest
from flask import Flask
from rq import Queue
from rq.cron import CronScheduler
from rq.job import Job
from rq.registry import FailedJobRegistry

from jobs import cron, queues
from realtime.bus import bus
from tests.serving import work_off

EXPECTED_SECONDS = {
    "jobs.sweeps.end_silent_chats": 5,
    "jobs.sweeps.publish_kept_back": 2,
    "jobs.sweeps.ring_again": 2,
    "jobs.distribution.sweep": 2,
    "jobs.sweeps.expire_leases": 10,
    "jobs.sweeps.end_statuses": 5,
    "jobs.presence.look": 5,
    "jobs.push.look": 10,
    "jobs.sweeps.tidy_up": 60,
    "jobs.sweeps.retire": 24 * 60 * 60,
    "jobs.sweeps.drop_orphans": 24 * 60 * 60,
}


@pytest.fixture
def registered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> CronScheduler:
    """The scheduler as the process would start it, before its endless loop."""
    schedulers: list[CronScheduler] = []
    monkeypatch.setattr(CronScheduler, "start", lambda scheduler: schedulers.append(scheduler))
    cron.run(app)
    (scheduler,) = schedulers
    return scheduler


@pytest.fixture
def rung(registered: CronScheduler) -> dict[str, Job]:
    """The jobs of the first round, by name."""
    registered.enqueue_jobs()
    waiting = [Queue(name, connection=bus.redis) for name in (queues.SWEEPS, queues.SPARE)]
    return {str(job.func_name): job for queue in waiting for job in queue.jobs}


def test_every_sweep_has_its_interval(registered: CronScheduler) -> None:
    assert {job.name: job.interval for job in registered.get_jobs()} == EXPECTED_SECONDS


def test_the_first_round_rings_for_all_of_them(rung: dict[str, Job]) -> None:
    assert rung.keys() == EXPECTED_SECONDS.keys()


def test_a_tick_that_waited_for_an_interval_is_forgotten_so_that_ticks_do_not_pile_up(rung: dict[str, Job]) -> None:
    assert {name: job.ttl for name, job in rung.items()} == EXPECTED_SECONDS


def test_a_second_round_right_away_rings_for_none(registered: CronScheduler, rung: dict[str, Job]) -> None:
    assert registered.enqueue_jobs() == []


def test_what_takes_long_waits_until_nobody_else_does(rung: dict[str, Job]) -> None:
    assert {name for name, job in rung.items() if job.origin == queues.SPARE} == {
        "jobs.sweeps.retire",
        "jobs.sweeps.drop_orphans",
    }


def test_a_worker_finds_the_sweeps_and_they_work_on_an_empty_desk(app: Flask, rung: dict[str, Job]) -> None:
    work_off(app)
    for name in (queues.SWEEPS, queues.SPARE):
        queue = Queue(name, connection=bus.redis)
        assert (len(queue), FailedJobRegistry(queue=queue).get_job_ids()) == (0, [])
