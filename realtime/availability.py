"""Availability: the widgets that are open follow what they offer, whoever comes, goes or changes a setting.

What was told last stands in Redis, so that the sweep tells nobody the same every five seconds; losing it costs a
repeat. The sweep is there because a connection that lapses is announced by no commit.
"""

from __future__ import annotations

import json
import logging

import redis

from extensions import db
from models import Widget
from services.events import Work
from services.exchange import widgets

from . import payloads, topics
from .bus import bus

log = logging.getLogger(__name__)


def after_commit(work: Work) -> None:
    """Look again where a unit of work changed an agent's status, connection or access."""
    if work.agents:
        tell(even_if_told=True)


def tell(*, even_if_told: bool = False) -> None:
    """Tell open widgets what they offer now. A failure is logged; the sweep tells again.

    Args:
        even_if_told: also where the last word was the same. It may be older than a lapse that nobody has noticed yet,
            and a page that was opened since knows of that lapse.
    """
    try:
        for widget in widgets.everything():
            _tell(widget, even_if_told=even_if_told)
    except redis.RedisError as error:
        log.warning("open widgets were not told who is there: %s", error)
    except Exception:
        log.exception("open widgets were not told who is there")
        db.session.rollback()


def _tell(widget: Widget, *, even_if_told: bool) -> None:
    """Go on until what was told last is still so: another process may have told something older meanwhile."""
    topic = topics.widget(widget.id)
    while bus.publish_change(topic, json.dumps(payloads.offer(widget)), even_if_told=even_if_told):
        even_if_told = False
        # Without this the next look would be into the same snapshot of the database.
        db.session().rollback()
        db.session().refresh(widget)
