"""Queues and doorbells. A doorbell says "look at this stream" and carries nothing: it may be lost or doubled."""

from __future__ import annotations

import logging
import time

import redis
from rq import Queue

from realtime.bus import bus
from services.events import Work

log = logging.getLogger(__name__)

SWEEPS, INBOUND, PRESENCE, OUTBOUND, FETCH = "sweeps", "inbound", "presence", "outbound", "fetch"
LOCAL = (SWEEPS, INBOUND)
VENDOR = (PRESENCE, OUTBOUND, FETCH)
JOB_SECONDS = 60
TURN_SECONDS = 20
# A bell that was lost with its job keeps others from ringing no longer than this.
_BELL_SECONDS = 10
_DRAINS = {INBOUND: "jobs.inbound.drain", OUTBOUND: "jobs.outbound.drain"}


def ring(queue: str, stream: str) -> None:
    """Have a worker drain the stream, unless the last ring has not been answered yet: one bell is enough.

    Without Redis it stays silent; the sweep rings again.
    """
    try:
        is_first = bus.redis.set(_bell(queue, stream), 1, nx=True, ex=_BELL_SECONDS)
    except redis.RedisError as error:
        log.warning("a doorbell of %s was not rung: %s", queue, error)
        return
    if is_first:
        enqueue(queue, _DRAINS[queue], stream)


def answer(queue: str, stream: str) -> None:
    """Begin to drain: whoever rings from now on is heard anew."""
    bus.redis.delete(_bell(queue, stream))


class Turn:
    """How long one job may go on with a stream, so that it is never cut off in the middle of a call."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + TURN_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether the rest has to wait for the next ring."""
        return time.monotonic() > self._ends


def enqueue(queue: str, job: str, *arguments: object) -> None:
    """Put a job into a queue; losing it must cost time only."""
    try:
        Queue(queue, connection=bus.redis).enqueue(
            job, *arguments, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600
        )
    except redis.RedisError as error:
        log.warning("a doorbell of %s was not rung: %s", queue, error)


def _bell(queue: str, stream: str) -> str:
    return f"deskbell:bell:{queue}:{stream}"


def after_commit(work: Work) -> None:
    """Ring every stream that a unit of work left something for."""
    for queue, stream in work.rings:
        ring(queue, stream)
