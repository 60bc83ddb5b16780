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
from services.attendance import statuses
from services.signing_in import sign_ins

from .security import own_sign_in
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
    elif not open_ticket(request.args.get("ticket", "")):
        abort(403)


@sock.route(AGENTS_SOCKET, bp=bp)
def agent_socket(server: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Everything that one agent may see."""
    attendance: Attendance = current_app.extensions["attendance"]
    attendance.start()
    agent_id, key = current_user.agent.id, own_sign_in().key
    _listen(server, topics.agent(agent_id), topics.browser(key))
    # Now that the page listens: what was changed in another tab meanwhile is not missed.
    if not sign_ins.still_holds(key):
        _hub().hang_up([topics.browser(key)])
        return
    statuses.arrive(current_user.agent)
    publish.show_own_status(agent_id, may_see_more=False)


@sock.route("/widget/live", bp=bp)
def customer_socket(server: Any) -> None:  # noqa: ANN401  simple_websocket is untyped
    """What a visitor may hear; a short-lived ticket stands for the token, which must not be in an address."""
    _listen(server, *open_ticket(request.args["ticket"]))


def _listen(server: Any, *heard: str) -> None:  # noqa: ANN401  simple_websocket is untyped
    """Hand the connection over to the hub; the request is over then, and its thread free."""
    hub = _hub()
    hub.start()
    hub.join(Connection.take_over(server), heard, request.environ[PLACE])


def _hub() -> Hub:
    hub: Hub = current_app.extensions["hub"]
    return hub
