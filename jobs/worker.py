"""Workers: the app is built once, jobs run in the worker's own process."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from rq import Queue, SimpleWorker
from rq.job import Job

from realtime.bus import bus


class DeskWorker(SimpleWorker):
    """Runs each job in a fresh app context, so that none sees another's database session."""

    app: Flask

    def subscribe(self) -> None:
        """Take no remote commands: nobody sends any, and listening would cost a thread and a connection."""

    def unsubscribe(self) -> None:
        """The other half of `subscribe`."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one job."""
        with self.app.app_context():
            super().execute_job(job, queue)


def run(app: Flask, queues: Sequence[str]) -> None:
    """Work on these queues, the first ones first, until SIGTERM."""
    make(app, queues).work(logging_level="WARNING")


def make(app: Flask, queues: Sequence[str]) -> DeskWorker:
    """A worker for these queues, not yet at work."""
    worker = DeskWorker([Queue(name, connection=bus.redis) for name in queues], connection=bus.redis)
    worker.app = app
    return worker
