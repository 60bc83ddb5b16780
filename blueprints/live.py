"""The sockets: push only. People send by HTTP, so that limits, checks and repeats are the same for all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, request
from flask_login import current_user

from extensions import sock
from realtime import publish, topics
from realtime.attendance import Attendance
from realtime.connection import Connection
from realtime.gate import PLACE
from realtime.hub import Hub
from realtime.places import AGENTS_SOCKET
from services import statuses

from .security import browser_session
from .widget_auth import open_ticket

bp = Blueprint("live", __name__)


@bp.before_request
def _check_before_the_handshake() -> None:
    """Refuse with a plain status while that is still possible."""
    if request.endpoint == "live.agent_socket":
        if not current_user.is_authenticated:
            abort(401)
        if urlsplit(request.headers.get("Origin", "")).netloc != request.host:
            abort(403)
    elif open_ticket(request.args.get("ticket", "")) is None:
        abort(403)


@sock.route(AGENTS_SOCKET, bp=bp)
def agent_socket(server: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Everything that one agent may see."""
    attendance: Attendance = current_app.extensions["attendance"]
    attendance.start()
    _listen(server, topics.agent(current_user.agent.id), topics.browser(browser_session()))
    statuses.arrive(current_user.agent)
    # Now that the page listens: what was changed in another tab meanwhile is not missed.
    publish.show_own_status(current_user.agent.id)


@sock.route("/widget/live", bp=bp)
def customer_socket(server: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Everything for one customer; a short-lived ticket stands for the token, which must not be in an address."""
    _listen(server, topics.customer(open_ticket(request.args["ticket"]) or ""))


def _listen(server: Any, *heard: str) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Hand the connection over to the hub; the request is over then, and its thread free."""
    hub: Hub = current_app.extensions["hub"]
    hub.start()
    hub.join(Connection.take_over(server), heard, request.environ[PLACE])
