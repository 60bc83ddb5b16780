"""Settings → Integrations → Log: what a connection has sent and received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from blueprints.htmx import page_or_block
from blueprints.ids import LARGEST_ID
from blueprints.security import administrators_only, signed_in_agent
from models import Verb
from services.errors import N_
from services.exchange import channels, inbox, log, log_bodies
from services.exchange.log import Cursor, Line, Show

from .found import channel_of

bp = Blueprint("integration_log", __name__, url_prefix="/settings/integrations/<id:channel_id>/log")

CALLS = {Verb.SEND: N_("Send"), Verb.EDIT: N_("Edit"), Verb.DELETE: N_("Delete")}
SHOWN = {
    Show.EVERYTHING: N_("Everything"),
    Show.IN: N_("What came in"),
    Show.OUT: N_("What went out"),
    Show.ATTENTION: N_("What needs attention"),
}


@dataclass(frozen=True)
class Result:
    """What became of a delivery or a call: in words, and the badge that goes with it."""

    words: str
    badge: str


_RESULTS = {
    "pending": Result(N_("Waiting"), "waiting"),
    "done": Result(N_("Applied"), "connected"),
    "aside": Result(N_("Set aside"), "broken"),
}
_RESULTS_OF_CALLS = {
    "ready": Result(N_("Waiting"), "waiting"),
    "sending": Result(N_("Under way"), "waiting"),
    "done": Result(N_("Delivered"), "connected"),
    "awaiting": Result(N_("Not confirmed yet"), "waiting"),
    "unknown": Result(N_("Not confirmed"), "broken"),
    "failed": Result(N_("Failed"), "broken"),
    "withdrawn": Result(N_("Withdrawn"), "closed"),
}


@bp.get("")
@administrators_only
def index(channel_id: int) -> str:
    """A page of the log."""
    channel, show = channel_of(channel_id), _show()
    after, replayed = _cursor(request.args.get("after", "")), _id(request.args.get("replayed", ""))
    page = log.page(channel, signed_in_agent(), show=show, after=after, replayed=replayed)
    return render_template(
        "integrations/log.html",
        channel=channel,
        page=page,
        show=show,
        shown=SHOWN,
        replayed=replayed,
        set_aside=log.set_aside().get(channel_id, 0),
        active_section="settings",
        **words(),
    )


@bp.get("/<any('in', 'out'):way>/<id:item_id>")
@administrators_only
def body(channel_id: int, way: str, item_id: int) -> str:
    """What a line carried."""
    channel = channel_of(channel_id)
    text = log_bodies.of_delivery(channel, item_id) if way == "in" else log_bodies.of_call(channel, item_id)
    if text is None:
        abort(404)
    return page_or_block(
        "integrations/log_body.html", "body", channel=channel, body=text, way=way, active_section="settings"
    )


@bp.get("/in/<id:item_id>/line")
@administrators_only
def line(channel_id: int, item_id: int) -> tuple[str, int]:
    """A delivery that is applied again, for the page that waits for it; nothing to show yet while it waits."""
    channel = channel_of(channel_id)
    found = log.delivery(channel, signed_in_agent(), item_id)
    if found is None:
        abort(404)
    if found.state == inbox.PENDING and channel.state != channels.OFF:
        return "", 204
    came_from = {"show": _show(), "after": request.args.get("after", "")}
    return render_template("integrations/log_replayed.html", line=found, channel=channel, **came_from, **words()), 200


@bp.post("/in/<id:item_id>/replay")
@administrators_only
def replay(channel_id: int, item_id: int) -> Response:
    """Apply a delivery again, from a page of the log and back to it."""
    channel_of(channel_id)
    inbox.replay(channel_id, item_id)
    flash(gettext("It is tried again. What came of it stands in its line."), "success")
    query = {name: request.form.get(name, "") for name in ("show", "after")} | {"replayed": str(item_id)}
    shown = "&".join(f"{name}={value}" for name, value in query.items() if value and _is_plain(value))
    return redirect(f"/settings/integrations/{channel_id}/log?{shown}#log-line-{item_id}", 303)


def words() -> Mapping[str, object]:
    """What templates need to show lines of the log."""
    return {"log_event": _event, "log_result": _result}


def _event(line: Line) -> str:
    """What a delivery is called by its vendor, or what a call is to do."""
    if not line.is_call:
        return line.event or str(gettext("Delivery"))
    what = str(gettext(CALLS[Verb(line.event)]))
    return f"{what}, {gettext('part %(number)s', number=line.part + 1)}" if line.part else what


def _result(line: Line) -> Result:
    """What became of it. That a delivery was tried often is not worth a word while it waits."""
    known = (_RESULTS_OF_CALLS if line.is_call else _RESULTS).get(line.state, Result(line.state, "waiting"))
    said = str(gettext(known.words))
    if line.attempts > 1 and line.is_call:
        said += ", " + str(ngettext("%(num)s attempt", "%(num)s attempts", line.attempts))
    if line.is_made_good:
        return Result(said + ", " + str(gettext("made good since")), "closed")
    return Result(said, known.badge)


def _show() -> Show:
    wanted = request.args.get("show", "")
    return Show(wanted) if wanted in list(Show) else Show.EVERYTHING


def _cursor(text: str) -> Cursor | None:
    """Where the next page begins; what cannot be read begins at the front."""
    ids = text.split("-")
    if len(ids) != 2 or not all(not id or _is_number(id) for id in ids):
        return None
    came, owed = (min(int(id), LARGEST_ID) if id else None for id in ids)
    return Cursor(came, owed)


def _id(text: str) -> int | None:
    return min(int(text), LARGEST_ID) if _is_number(text) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalnum() and len(text) < 50
