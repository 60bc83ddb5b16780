"""Statuses, as administrators see them: the desk's own ones are made, changed, withdrawn."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from models import AgentStatus
from realtime import publish
from services.attendance import custom_statuses
from services.errors import InvalidInput
from services.team import agents

from .status_forms import StatusForm

bp = Blueprint("statuses", __name__, url_prefix="/settings/statuses")


@bp.route("", methods=["GET", "POST"])
@administrators_only
def index() -> Response | str | tuple[str, int]:
    """All statuses, and a form for one more."""
    form = StatusForm.showing()
    if form.validate_on_submit():
        try:
            status = custom_statuses.create(form.wanted)
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            return _done(gettext("Status %(name)s was added.", name=status.name))
    known = custom_statuses.everything()
    return _shown("team/statuses.html", form, statuses=known)


@bp.route("/<id:status_id>", methods=["GET", "POST"])
@administrators_only
def show(status_id: int) -> Response | str | tuple[str, int]:
    """One of the desk's own statuses."""
    status = _own(status_id)
    form = StatusForm.showing(status)
    if form.validate_on_submit():
        try:
            custom_statuses.change(status_id, form.wanted)
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            return _done(gettext("Saved."))
    return _shown("team/status.html", form, status=status)


@bp.post("/<id:status_id>/withdraw")
@administrators_only
def withdraw(status_id: int) -> Response:
    """Take a status out of use."""
    status = _own(status_id)
    custom_statuses.withdraw(status.id)
    return _done(gettext("Status %(name)s is not in use any more.", name=status.name))


@bp.post("/<id:status_id>/use-again")
@administrators_only
def use_again(status_id: int) -> Response:
    """Bring a status back into use."""
    status = _own(status_id)
    try:
        custom_statuses.use_again(status.id)
    except InvalidInput as error:
        flash(sentence(error), "error")
        return redirect("/settings/statuses", 303)
    return _done(gettext("Status %(name)s is in use again.", name=status.name))


def _done(words: str) -> Response:
    """Say so, and have everybody's menu show it."""
    for agent_id in agents.active_ids():
        publish.show_own_status(agent_id)
    flash(words, "success")
    return redirect("/settings/statuses", 303)


def _shown(template: str, form: StatusForm, **context: object) -> str | tuple[str, int]:
    page = render_template(template, form=form, active_section="settings", **context)
    return (page, 422) if form.errors else page


def _own(status_id: int) -> AgentStatus:
    status = custom_statuses.own(status_id)
    if status is None:
        abort(404)
    return status
