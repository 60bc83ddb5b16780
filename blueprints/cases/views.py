"""All cases: those that are no active chats."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.cases import rows
from blueprints.conversation import shown
from blueprints.ids import LARGEST_ID
from blueprints.security import signed_in_agent
from models import Status
from services import access
from services.conversations import cases
from services.conversations.cases import Cursor

bp = Blueprint("cases", __name__)


@bp.get("/cases")
@login_required
def index() -> str:
    """A page of the list."""
    status = request.args.get("status", "")
    status = status if status in list(Status) else ""
    page = cases.ended(signed_in_agent(), status=status, after=_cursor(request.args.get("after", "")))
    lines = rows.rendered(page.rows)
    return render_template("cases/index.html", page=page, lines=lines, status=status, active_section="cases")


@bp.get("/cases/<id:case_id>")
@login_required
def show(case_id: int) -> Response | str:
    """One case. A chat that is active is shown among the chats."""
    agent = signed_in_agent()
    case = access.require_case(agent, case_id)
    if case.active:
        return redirect(f"/chats/{case_id}", 303)
    return render_template("cases/show.html", active_section="cases", **shown(agent, case))


def _cursor(text: str) -> Cursor | None:
    """Where the next page begins; what cannot be read begins at the front."""
    moment, _, case_id = text.rpartition("-")
    try:
        return Cursor(datetime.fromtimestamp(float(moment), UTC), min(int(case_id), LARGEST_ID))
    except (ValueError, OverflowError, OSError):
        return None
