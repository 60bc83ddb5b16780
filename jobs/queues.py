"""Queues and doorbells. A doorbell says "look at this stream" and carries nothing: it may be lost or doubled."""

from __future__ import annotations

import logging

import redis
from rq import Queue

from realtime.bus import bus
from services.events import Work

log = logging.getLogger(__name__)

SWEEPS, INBOUND, PRESENCE, OUTBOUND, FETCH = "sweeps", "inbound", "presence", "outbound", "fetch"
LOCAL = (SWEEPS, INBOUND)
VENDOR = (PRESENCE, OUTBOUND, FETCH)
JOB_SECONDS = 60
_DRAINS = {INBOUND: "jobs.inbound.drain", OUTBOUND: "jobs.outbound.drain"}


def ring(queue: str, stream: str) -> None:
    """Have a worker drain the stream. Without Redis it stays silent; the sweep rings again."""
    enqueue(queue, _DRAINS[queue], stream)


def enqueue(queue: str, job: str, *arguments: object) -> None:
    """Put a job into a queue; losing it must cost time only."""
    try:
        Queue(queue, connection=bus.redis).enqueue(
            job, *arguments, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=3600
        )
    except redis.RedisError as error:
        log.warning("a doorbell of %s was not rung: %s", queue, error)


def after_commit(work: Work) -> None:
    """Ring every stream that a unit of work left something for."""
    for queue, stream in work.rings:
        ring(queue, stream)
