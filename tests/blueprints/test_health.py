"""Health: 200 when everything works, else 503 and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq.cron import CronScheduler

from jobs import worker
from jobs.queues import LOCAL, VENDOR
from realtime.bus import bus
from tests.redis import RealRedis


@pytest.fixture
def crew(app: Flask) -> Iterator[None]:
    """Workers and scheduler that have reported for work."""
    workers = [worker.make(app, names) for names in (LOCAL, VENDOR)]
    scheduler = CronScheduler(bus.redis, logging_level="ERROR")
    for one in (*workers, scheduler):
        one.register_birth()
    scheduler.heartbeat()
    yield
    for one in (*workers, scheduler):
        one.register_death()


def test_a_whole_desk_is_healthy(client: FlaskClient, crew: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"database": "ok", "redis": "ok", "workers": "ok", "scheduler": "ok"}


def test_missing_workers_and_scheduler_are_named(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "ok"
    assert "inbound" in answer.json["workers"]
    assert answer.json["scheduler"] != "ok"


def test_without_redis_pages_and_sign_in_still_work(client: FlaskClient, real_redis: RealRedis) -> None:
    real_redis.kill()
    try:
        answer = client.get("/healthz")
        assert answer.json is not None
        assert (answer.status_code, answer.json["redis"]) == (503, "unreachable")
        assert client.get("/login").status_code == 200
    finally:
        real_redis.start()
