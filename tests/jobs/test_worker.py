"""Workers run job after job in one process; none sees what another has left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from rq import Queue

from jobs import queues, worker
from realtime.bus import bus
from tests.jobs import probes


@pytest.fixture(autouse=True)
def _nothing_found() -> None:
    probes.found.clear()


def work(app: Flask, *jobs: Callable[[], None]) -> list[int]:
    """Let one worker do these jobs in order; returns what they noted."""
    queue = Queue(queues.INBOUND, connection=bus.redis)
    for job in jobs:
        queue.enqueue(job, result_ttl=0)
    worker.make(app, queues.LOCAL).work(burst=True, logging_level="CRITICAL")
    return probes.found


def test_each_job_has_a_database_session_of_its_own(app: Flask) -> None:
    assert work(app, *[probes.note_and_leave_something_unsaved] * 3) == [0, 0, 0]


def test_a_job_that_leaves_a_transaction_open_does_not_lock_out_the_next(app: Flask) -> None:
    assert work(app, probes.leave_the_database_locked, probes.note_after_writing) == [1]


def test_a_job_that_fails_does_not_stop_those_behind_it(app: Flask) -> None:
    assert work(app, probes.fail, probes.note_after_writing) == [1]


def test_urgent_queues_come_first(app: Flask) -> None:
    assert queues.LOCAL[0] == queues.SWEEPS
    for name, job in ((queues.INBOUND, probes.note_after_writing), (queues.SWEEPS, probes.fail)):
        Queue(name, connection=bus.redis).enqueue(job, result_ttl=0)
    worker.make(app, queues.LOCAL).work(burst=True, max_jobs=1, logging_level="CRITICAL")
    assert probes.found == []


def test_a_worker_listens_for_no_remote_commands(app: Flask) -> None:
    assert work(app, probes.note_who_listens_for_commands) == [0]
