"""Queues and doorbells. A doorbell says "look at this stream" and carries nothing: it may be lost or doubled."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

import redis
from redis.client import Pipeline
from rq import Queue

from realtime.bus import bus
from services.events import Work

log = logging.getLogger(__name__)

SWEEPS, GIVING, INBOUND, SPARE = "sweeps", "giving", "inbound", "spare"
PRESENCE, OUTBOUND, PUSH, FETCH = "presence", "outbound", "push", "fetch"
# The first ones first; what is done in spare time stands last.
LOCAL = (SWEEPS, GIVING, INBOUND, SPARE)
VENDOR = (PRESENCE, OUTBOUND, PUSH, FETCH)
JOB_SECONDS = 60
INBOUND_SECONDS = 30
TURN_SECONDS = 20
SHORT_TURN_SECONDS = 0.25
# A bell that was lost with its job keeps others from ringing no longer than this.
_BELL_SECONDS = 10
_DRAINS = {
    PRESENCE: "jobs.presence.drain",
    GIVING: "jobs.distribution.drain",
    INBOUND: "jobs.inbound.drain",
    OUTBOUND: "jobs.outbound.drain",
    PUSH: "jobs.push.drain",
    FETCH: "jobs.fetch.drain",
    SPARE: "jobs.spare.drain",
}


def ring(queue: str, stream: str) -> None:
    """Have a worker drain the stream, unless the last ring has not been answered yet: one bell is enough.

    Without Redis it stays silent; the sweep rings again.
    """
    ring_all([(queue, stream)])


def ring_all(bells: Sequence[tuple[str, str]]) -> None:
    """Ring for several queues and streams, with two round trips to Redis however many they are."""
    if not bells:
        return
    try:
        rung = bus.redis.pipeline(transaction=False)
        for queue, stream in bells:
            rung.set(_bell(queue, stream), 1, nx=True, ex=_BELL_SECONDS)
        firsts = [bell for bell, is_first in zip(bells, rung.execute(), strict=True) if is_first]
        jobs = bus.redis.pipeline(transaction=False)
        for queue, streams in _as_jobs(firsts):
            _enqueue(queue, _DRAINS[queue], streams, jobs)
        jobs.execute()
    except redis.RedisError as error:
        log.warning("%s doorbells were not rung: %s", len(bells), error)


def _as_jobs(bells: Sequence[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Which streams share a job: all that one worker drains anyway, but no two of those that may wait for a vendor."""
    inbound = tuple(stream for queue, stream in bells if queue == INBOUND)
    if inbound:
        yield INBOUND, inbound
    for queue, stream in bells:
        if queue != INBOUND:
            yield queue, (stream,)


def answer(queue: str, *streams: str) -> None:
    """Begin to drain: whoever rings from now on is heard anew."""
    bus.redis.delete(*(_bell(queue, stream) for stream in streams))


class Turn:
    """How long one job may go on: never so long that it is cut off in the middle of a call, and not long at all while
    others wait for the same worker.

    Args:
        served: the queues of that worker.
    """

    def __init__(self, served: Sequence[str]) -> None:
        self._began, self._served = time.monotonic(), served

    @property
    def is_over(self) -> bool:
        """Whether the rest has to wait for the next ring."""
        taken = time.monotonic() - self._began
        return taken > TURN_SECONDS or (taken > SHORT_TURN_SECONDS and _somebody_waits(self._served))


def enqueue(queue: str, job: str, *arguments: object) -> None:
    """Put a job into a queue; losing it must cost time only."""
    try:
        _enqueue(queue, job, arguments)
    except redis.RedisError as error:
        log.warning("a job of %s was lost: %s", queue, error)


def _enqueue(queue: str, job: str, arguments: tuple[object, ...], pipeline: Pipeline | None = None) -> None:
    seconds = INBOUND_SECONDS if queue == INBOUND else JOB_SECONDS
    Queue(queue, connection=bus.redis).enqueue_call(
        job, arguments, timeout=seconds, result_ttl=0, failure_ttl=3600, pipeline=pipeline
    )


def _somebody_waits(names: Sequence[str]) -> bool:
    try:
        return any(Queue(name, connection=bus.redis).count for name in names)
    except redis.RedisError:
        return False


def _bell(queue: str, stream: str) -> str:
    return f"deskbell:bell:{queue}:{stream}"


def after_commit(work: Work) -> None:
    """Ring every stream that a unit of work left something for."""
    ring_all(work.rings)
