"""Log lines: one format for all processes, each line with the request that it belongs to."""

from __future__ import annotations

import logging

from flask import g, has_app_context

_NAME = "deskbell"
_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s"


def configure(level: str) -> None:
    """Write lines of this level and above to standard error.

    Args:
        level: debug, info, warning, error or critical.
    """
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(handler.name == _NAME for handler in root.handlers):
        root.addHandler(_handler())
    # RQ tells of every job at info; what goes wrong is told by the jobs themselves.
    for noisy in ("rq", "rq.worker", "rq.cron", "alembic", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def expect_nobody() -> None:
    """Where the desk is not running, there is nobody to be told: failing to do so is worth no line."""
    for name in ("realtime", "jobs.queues"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.name = _NAME
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(_name_request)
    return handler


def _name_request(record: logging.LogRecord) -> bool:
    record.request = g.get("request_id", "-") if has_app_context() else "-"
    return True
