"""A worker in a process of its own that goes by the test's clock. Run as a program by test_chatra_storm.py.

It does what workers do without their books, which cost more than the work: what is begun is not noted, and what fails
is left to the sweeps.
"""

from __future__ import annotations

import logging

import time_machine
from flask import Flask
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.job import Job

from app import create_app
from jobs import distribution, presence, push
from jobs.queues import LOCAL
from realtime import alerts, availability, publish
from realtime.bus import bus

# Those who tell agents what has happened.
TELLERS = (alerts, availability, distribution, presence, publish, push)
NOW = "storm:now"


def next_job(queues: list[Queue], *, seconds: int | None = None) -> Job | None:
    """Take the next job out of its queue.

    Args:
        queues: where jobs wait, the first ones first.
        seconds: how long to wait for one, None for not at all.
    """
    try:
        found = Queue.dequeue_any(queues, timeout=seconds, connection=bus.redis)
    except DequeueTimeout:
        return None
    return found[0] if found else None


def do(app: Flask, job: Job) -> None:
    """Do a job as a worker would."""
    try:
        with app.app_context():
            job.perform()
    except Exception:
        logging.getLogger(__name__).exception("a job was left to the sweeps")
    job.delete()


def queues_of(names: tuple[str, ...]) -> list[Queue]:
    """The queues of these names."""
    return [Queue(name, connection=bus.redis) for name in names]


def main() -> None:
    """Work until killed."""
    app = create_app()
    for teller in TELLERS:
        vars(teller)["after_commit"] = lambda _work: None
    queues = queues_of(LOCAL)
    with time_machine.travel(0, tick=False) as traveller:
        while True:
            job = next_job(queues, seconds=1)
            if job is not None:
                traveller.move_to(float(bus.redis.get(NOW) or 0))
                do(app, job)


if __name__ == "__main__":
    main()
