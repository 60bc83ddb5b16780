"""Doorbells: they name a stream, carry nothing else, and may be lost."""

from __future__ import annotations

import pytest
from flask import Flask
from rq import Queue

from jobs import queues
from processes.commands import QUEUES
from realtime.bus import bus
from services.conversations import chats
from tests import factories as make
from tests.redis import RealRedis
from tests.serving import work_off


def waiting(name: str) -> list[tuple[str, tuple[object, ...]]]:
    """The jobs of a queue: what is to be called with what."""
    return [(str(job.func_name), tuple(job.args)) for job in Queue(name, connection=bus.redis).jobs]


@pytest.mark.parametrize(
    ("queue", "drain"), [(queues.INBOUND, "jobs.inbound.drain"), (queues.OUTBOUND, "jobs.outbound.drain")]
)
def test_a_ring_has_the_stream_drained(app: Flask, queue: str, drain: str) -> None:
    queues.ring(queue, "channel:1:maria")
    assert waiting(queue) == [(drain, ("channel:1:maria",))]


def test_one_bell_is_enough_until_somebody_answers_it(app: Flask) -> None:
    for _ in range(3):
        queues.ring(queues.INBOUND, "channel:1:maria")
    assert len(waiting(queues.INBOUND)) == 1
    queues.answer(queues.INBOUND, "channel:1:maria")
    queues.ring(queues.INBOUND, "channel:1:maria")
    assert len(waiting(queues.INBOUND)) == 2


def test_the_bells_of_two_streams_and_of_two_queues_do_not_meet(app: Flask) -> None:
    queues.ring(queues.INBOUND, "channel:1:maria")
    queues.ring(queues.INBOUND, "channel:1:peter")
    queues.ring(queues.OUTBOUND, "channel:1:maria")
    assert (len(waiting(queues.INBOUND)), len(waiting(queues.OUTBOUND))) == (2, 1)


def test_what_came_together_shares_a_job_but_no_two_that_may_wait_for_a_vendor(app: Flask) -> None:
    queues.ring_all([(queue, stream) for queue in (queues.INBOUND, queues.OUTBOUND) for stream in ("maria", "peter")])
    assert waiting(queues.INBOUND) == [("jobs.inbound.drain", ("maria", "peter"))]
    assert [streams for _, streams in waiting(queues.OUTBOUND)] == [("maria",), ("peter",)]


def test_only_those_whose_bell_has_been_answered_are_rung_for(app: Flask) -> None:
    queues.ring(queues.INBOUND, "maria")
    queues.ring_all([(queues.INBOUND, "maria"), (queues.INBOUND, "peter")])
    assert [streams for _, streams in waiting(queues.INBOUND)] == [("maria",), ("peter",)]


def test_a_bell_that_was_lost_with_its_job_rings_again_after_ten_seconds(app: Flask) -> None:
    queues.ring(queues.INBOUND, "channel:1:maria")
    (bell,) = bus.redis.keys("deskbell:bell:*")
    assert 0 < bus.redis.pttl(bell) <= 10_000


def test_an_answer_rings_for_its_stream_once_it_is_committed(app: Flask) -> None:
    case = make.chat(channel=make.chatra())
    chats.reply(case.id, make.agent(), "Hello")
    assert waiting(queues.OUTBOUND) == [("jobs.outbound.drain", (case.stream,))]


def test_without_redis_a_ring_is_silent(app: Flask, real_redis: RealRedis, caplog: pytest.LogCaptureFixture) -> None:
    real_redis.kill()
    try:
        queues.ring(queues.INBOUND, "channel:1:maria")
        queues.enqueue(queues.FETCH, "jobs.fetch.fetch", 1, "maria", "client", "maria")
    finally:
        real_redis.start()
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_rings_for_a_stream_without_work_do_nothing(app: Flask) -> None:
    for _ in range(3):
        queues.ring(queues.INBOUND, "channel:1:nobody")
        queues.ring(queues.OUTBOUND, "channel:1:nobody")
    work_off(app)
    assert [waiting(name) for name in (queues.INBOUND, queues.OUTBOUND)] == [[], []]


def test_every_queue_has_a_worker_that_serves_it() -> None:
    assert {name: tuple(served) for name, served in QUEUES.items()} == {"local": queues.LOCAL, "vendor": queues.VENDOR}


def test_a_job_that_is_done_leaves_nothing_in_redis(app: Flask) -> None:
    queues.ring(queues.INBOUND, "channel:1:nobody")
    work_off(app)
    assert bus.redis.keys("rq:job:*") == []
