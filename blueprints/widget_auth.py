"""Who a visitor is: a token that their browser made, known to us by its hash alone, and tickets for sockets."""

from __future__ import annotations

import hashlib
import re

from flask import abort, current_app, request
from flask_limiter.util import get_remote_address
from itsdangerous import BadData, URLSafeTimedSerializer

from models import Identity, Widget
from realtime import topics

TICKET_SECONDS = 30
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{43})")


def visitor_id() -> str:
    """The visitor's id within the channel: the hash of the token. Aborts with 401 without one of the right shape."""
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        abort(401, "Send the visitor's token: Authorization: Bearer and 43 characters.")
    return hashlib.sha256(found[1].encode()).hexdigest()


def visitor_and_address() -> str:
    """What the rate of requests is counted by."""
    token = hashlib.sha256(request.headers.get("Authorization", "").encode()).hexdigest()
    return f"{token}:{get_remote_address()}"


def is_stranger() -> bool:
    """Whether this browser brought no token: nobody has written from it."""
    return "Authorization" not in request.headers


def make_ticket(identity: Identity | None, widget: Widget | None = None) -> str:
    """A ticket that opens a visitor's socket: addresses are logged, so a token must not stand in one.

    Args:
        identity: the customer to listen for, None for one who has not written yet.
        widget: the widget whose offer to listen for.
    """
    heard = [topics.customer(identity.customer.public_id)] if identity is not None else []
    return _tickets().dumps(heard + ([topics.widget(widget.id)] if widget is not None else []))


def open_ticket(ticket: str) -> list[str]:
    """The topics that a ticket lets somebody hear: none if it is forged or older than 30 seconds."""
    try:
        return [str(topic) for topic in _tickets().loads(ticket, max_age=TICKET_SECONDS)]
    except BadData:
        return []


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="widget ticket")
