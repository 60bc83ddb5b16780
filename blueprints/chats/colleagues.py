"""Colleagues in a chat: handing it to one of them, and who else has it before their eyes."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, jsonify, redirect, render_template
from flask_babel import gettext
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.htmx import wants_fragment
from blueprints.security import agent_key, signed_in_agent
from extensions import limiter
from realtime import fragments
from realtime import here as presence
from services import access
from services.conversations import transfers
from services.errors import N_, InvalidInput
from services.team import groups

from .forms import HereForm, TransferForm
from .views import bp as bp


@bp.get("/chats/<id:case_id>/transfer")
@login_required
def colleagues(case_id: int) -> str:
    """Where the chat may go: groups, and colleagues with how many chats they have."""
    agent = signed_in_agent()
    case = access.require_answerable(agent, case_id)
    found = transfers.colleagues(case, agent)
    return render_template("chats/colleagues.html", case=case, groups=groups.active(), colleagues=found)


@bp.post("/chats/<id:case_id>/transfer")
@login_required
def transfer(case_id: int) -> Response | str:
    """Give a chat to a colleague or to a group."""
    agent, form = signed_in_agent(), TransferForm()
    access.require_answerable(agent, case_id)
    if not form.validate():
        raise InvalidInput("to", N_("Choose an agent or a group."))
    kind, _, number = str(form.to.data).partition(":")
    send = transfers.to_agent if kind == "agent" else transfers.to_group
    seen = {"instead_of": form.instead_of.data, "seen_in": form.seen_in.data}
    moved = send(case_id, agent, int(number), **seen, note=form.note.data or "")
    return _transferred(moved, still_seen=access.may_see(agent, moved.case))


@bp.post("/chats/<id:case_id>/here")
@login_required
@limiter.limit("120 per minute", key_func=agent_key)
def here(case_id: int) -> Response:
    """The agent has a case before their eyes, or has left it; answered by who else is there."""
    agent, form = signed_in_agent(), HereForm()
    case = access.require_case(agent, case_id)
    if not form.validate():
        raise InvalidInput("doing", N_("The request could not be understood."))
    others = presence.note(case, agent, str(form.tab.data), presence.Doing(str(form.doing.data)))
    return jsonify([asdict(one) for one in others])


def _transferred(moved: transfers.Transferred, *, still_seen: bool) -> Response | str:
    """Say where the chat went; it is shown on to those alone who may see it there."""
    sentence = gettext("The chat is with %(name)s now.", name=moved.to)
    if wants_fragment():
        case = fragments.of_case(moved.case, moved.said) if still_seen else ""
        return case + render_template("chats/transferred.html", case=moved.case, sentence=sentence)
    flash(sentence, "success")
    return redirect(f"/chats/{moved.case.id}" if still_seen else "/chats", 303)
