"""All cases: those that are no active chats."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.cases import filters, rows
from blueprints.conversation import panels, shown
from blueprints.ids import LARGEST_ID
from blueprints.security import signed_in_agent
from services import access
from services.conversations import cases
from services.conversations.cases import Cursor

bp = Blueprint("cases", __name__)


@bp.get("/cases")
@login_required
def index() -> str:
    """A page of the list, filtered as its address says."""
    agent, chosen = signed_in_agent(), filters.chosen()
    page = cases.ended(agent, chosen.wanted, after=_cursor(request.args.get("after", "")))
    return render_template(
        "cases/index.html",
        page=page,
        lines=rows.rendered(page.rows),
        count=cases.count(agent, chosen.wanted),
        most_counted=cases.MOST_COUNTED,
        filter=chosen,
        active_section="cases",
    )


@bp.get("/cases/<id:case_id>")
@login_required
def show(case_id: int) -> Response | str:
    """One case. A chat that is active is shown among the chats."""
    agent = signed_in_agent()
    case = access.require_case(agent, case_id)
    if case.active:
        return redirect(f"/chats/{case_id}", 303)
    return render_template("cases/show.html", active_section="cases", **shown(agent, case))


@bp.get("/cases/<id:case_id>/vendor-data")
@login_required
def vendor_data(case_id: int) -> str:
    """What the vendor tells about the customer, for a page that has heard of news; of an active chat, too."""
    agent = signed_in_agent()
    case = access.require_case(agent, case_id)
    return render_template("chats/vendor_data.html", case=case, **panels(agent, case))


def _cursor(text: str) -> Cursor | None:
    """Where the next page begins; what cannot be read begins at the front."""
    moment, _, case_id = text.rpartition("-")
    try:
        return Cursor(datetime.fromtimestamp(float(moment), UTC), min(int(case_id), LARGEST_ID))
    except (ValueError, OverflowError, OSError):
        return None
