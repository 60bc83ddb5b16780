"""Health: which part of the desk works. For load balancers, monitors and people who wonder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import redis
from flask import Blueprint, Response, jsonify
from rq import Queue, Worker
from rq.cron import CronScheduler
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from extensions import db
from realtime.bus import bus

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)

QUEUES = ("sweeps", "inbound", "outbound")
_SCHEDULER_SILENCE = timedelta(seconds=15)


@bp.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 when everything works, else 503 with what does not."""
    checks = {"database": _database, "redis": _redis, "workers": _workers, "scheduler": _scheduler}
    found = {name: _outcome(name, check) for name, check in checks.items()}
    healthy = all(outcome == "ok" for outcome in found.values())
    return jsonify(found), 200 if healthy else 503


def _outcome(name: str, check: Callable[[], str]) -> str:
    try:
        return check()
    except (redis.RedisError, SQLAlchemyError) as error:
        log.warning("health of %s: %s", name, error)
        return "unreachable"


def _database() -> str:
    db.session.execute(text("SELECT 1"))
    return "ok"


def _redis() -> str:
    bus.redis.ping()
    return "ok"


def _workers() -> str:
    missing = [name for name in QUEUES if not Worker.count(queue=Queue(name, connection=bus.redis))]
    return f"nobody works on {', '.join(missing)}" if missing else "ok"


def _scheduler() -> str:
    for scheduler in CronScheduler.all(bus.redis):
        beat = scheduler.last_heartbeat
        if beat and datetime.now(UTC) - beat < _SCHEDULER_SILENCE:
            return "ok"
    return "no scheduler is running"
