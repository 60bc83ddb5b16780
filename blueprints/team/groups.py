"""Groups, as administrators see them: made, named, closed, opened again."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from extensions import db
from models import Group
from services.errors import InvalidInput
from services.team import groups

from .forms import GroupForm, NewGroupForm, ReplacementForm

bp = Blueprint("groups", __name__, url_prefix="/settings/groups")


@bp.route("", methods=["GET", "POST"])
@administrators_only
def index() -> Response | str | tuple[str, int]:
    """All groups, and a form for one more."""
    form = NewGroupForm()
    if form.validate_on_submit():
        try:
            group = groups.create(name=form.name.data or "", from_name=form.from_name.data or "")
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            flash(gettext("Group %(name)s was added.", name=group.name), "success")
            return redirect("/settings/groups", 303)
    page = render_template("team/groups.html", groups=groups.everything(), form=form, active_section="settings")
    return (page, 422) if form.errors else page


@bp.route("/<id:group_id>", methods=["GET", "POST"])
@administrators_only
def show(group_id: int) -> Response | str | tuple[str, int]:
    """One group: its names, and how its chats find an agent."""
    group = _group(group_id)
    form = GroupForm(obj=group)
    if form.validate_on_submit():
        try:
            groups.change(group_id, name=form.name.data or "", from_name=form.from_name.data or "", giving=form.giving)
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            flash(gettext("Saved."), "success")
            return redirect("/settings/groups", 303)
    page = render_template("team/group.html", group=group, form=form, active_section="settings")
    return (page, 422) if form.errors else page


@bp.route("/<id:group_id>/close", methods=["GET", "POST"])
@administrators_only
def close(group_id: int) -> Response | str | tuple[str, int]:
    """Take a group out of use, in favour of another one."""
    group, form = _group(group_id), ReplacementForm()
    others = [other for other in groups.active() if other.id != group_id]
    form.offer(others)
    if form.validate_on_submit():
        try:
            groups.close(group_id, form.replacement.data)
        except InvalidInput as error:
            form.replacement.errors = [sentence(error)]
        else:
            flash(gettext("Group %(name)s is not in use any more.", name=group.name), "success")
            return redirect("/settings/groups", 303)
    page = render_template("team/close_group.html", group=group, others=others, form=form, active_section="settings")
    return (page, 422) if form.errors else page


@bp.post("/<id:group_id>/open")
@administrators_only
def open_again(group_id: int) -> Response:
    """Bring a group back into use."""
    group = _group(group_id)
    groups.open_again(group.id)
    flash(gettext("Group %(name)s is in use again.", name=group.name), "success")
    return redirect("/settings/groups", 303)


def _group(group_id: int) -> Group:
    group = db.session.get(Group, group_id)
    if group is None:
        abort(404)
    return group
