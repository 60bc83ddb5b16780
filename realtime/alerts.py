"""Alerts: what an agent's open pages ring for and the list of chats does not show: a note that names them, a chat that
was given to them."""

from __future__ import annotations

import json
import logging

import redis
from flask import current_app
from flask_babel import force_locale, gettext

from extensions import db
from models import Message
from services.alerts import notifications
from services.alerts.notifications import Notice
from services.events import Work
from services.sanitise import one_line

from . import topics
from .bus import bus

log = logging.getLogger(__name__)
_LONGEST_WORDS = 120


def after_commit(work: Work) -> None:
    """Tell the pages of those whom a unit of work concerns by name. One that is lost is in the list all the same."""
    try:
        for notice in notifications.personal(work.events):
            bus.publish([topics.agent(notice.agent.id)], json.dumps({"alert": _alert(notice)}))
    except redis.RedisError as error:
        log.warning("agents were not alerted: %s", error)
    except Exception:
        log.exception("agents were not alerted")
        db.session.rollback()


def _alert(notice: Notice) -> dict[str, object]:
    case = notice.case
    with force_locale(notice.agent.language or str(current_app.config["DESKBELL"].language)):
        name = case.customer.name or gettext("Visitor %(number)s", number=case.customer_id)
    words = db.session().get_one(Message, notice.message_id).text if notice.message_id else case.last_words
    return {
        "occasion": notice.occasion,
        "case": case.id,
        "active": case.active,
        "name": name,
        "words": one_line(words, longest=_LONGEST_WORDS),
    }
