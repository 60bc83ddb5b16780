"""The schedule, as plain data, and the process that keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from rq.cron import CronScheduler

from realtime.bus import bus

from . import distribution, presence, push, queues, sweeps

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Tick:
    """A job, how often it runs, in seconds, and where it waits for a worker."""

    job: Callable[[], None]
    seconds: int
    queue: str = queues.SWEEPS


SCHEDULE = (
    Tick(sweeps.end_silent_chats, 5),
    Tick(sweeps.publish_kept_back, 2),
    Tick(sweeps.ring_again, 2),
    Tick(distribution.sweep, 2),
    Tick(sweeps.expire_leases, 10),
    Tick(sweeps.end_statuses, 5),
    Tick(presence.look, 5),
    Tick(push.look, 10),
    Tick(sweeps.tidy_up, 60),
    Tick(sweeps.retire, _DAY, queues.SPARE),
    Tick(sweeps.drop_orphans, _DAY, queues.SPARE),
)


def run(_app: Flask) -> None:
    """Keep the schedule until SIGTERM."""
    scheduler = CronScheduler(connection=bus.redis, logging_level="WARNING")
    for tick in SCHEDULE:
        scheduler.register(
            tick.job,
            queue_name=tick.queue,
            interval=tick.seconds,
            job_timeout=queues.JOB_SECONDS,
            ttl=tick.seconds,
            result_ttl=0,
            failure_ttl=3600,
        )
    scheduler.start()  # type: ignore[no-untyped-call]
