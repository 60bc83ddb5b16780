"""Roles, as administrators see them: made, changed, deleted."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from extensions import db
from models import Role
from services.errors import InvalidInput
from services.team import access_levels, groups, roles
from services.team.access_levels import Level
from services.team.roles import Preset

from .forms import RoleForm

bp = Blueprint("roles", __name__, url_prefix="/settings/roles")


@bp.get("")
@administrators_only
def index() -> str:
    """All roles."""
    rows = [(role, roles.preset_of(role)) for role in roles.everything()]
    return render_template("team/roles.html", rows=rows, members=roles.members(), active_section="settings")


@bp.route("/new", methods=["GET", "POST"])
@administrators_only
def create() -> Response | str | tuple[str, int]:
    """One role more."""
    form = _form()
    if not form.is_submitted():
        form.show_level(Level())
    elif form.validate():
        try:
            role = roles.create(_preset(form))
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            flash(gettext("Role %(name)s was added.", name=role.name), "success")
            return redirect("/settings/roles", 303)
    return _shown("team/role.html", form)


@bp.route("/<id:role_id>", methods=["GET", "POST"])
@administrators_only
def show(role_id: int) -> Response | str | tuple[str, int]:
    """One role."""
    role, form = _role(role_id), _form()
    if not form.is_submitted():
        _fill(form, roles.preset_of(role))
    elif form.validate():
        try:
            roles.change(role_id, _preset(form))
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            flash(gettext("Saved. It holds for everybody who has this role."), "success")
            return redirect("/settings/roles", 303)
    return _shown("team/role.html", form, role=role)


@bp.route("/<id:role_id>/delete", methods=["GET", "POST"])
@administrators_only
def delete(role_id: int) -> Response | str | tuple[str, int]:
    """Ask, and take a role away."""
    role, form = _role(role_id), FlaskForm()
    if form.validate_on_submit():
        roles.delete(role_id)
        flash(gettext("Role %(name)s was deleted.", name=role.name), "success")
        return redirect("/settings/roles", 303)
    return _shown("team/role_delete.html", form, role=role)


def _form() -> RoleForm:
    form = RoleForm()
    form.offer(groups.active(), access_levels.families())
    return form


def _fill(form: RoleForm, preset: Preset) -> None:
    form.name.data, form.signature.data = preset.name, preset.signature
    form.show_level(preset.level, is_admin=preset.is_admin)


def _preset(form: RoleForm) -> Preset:
    return Preset(form.name.data or "", form.is_admin.data, form.level, form.signature.data or "")


def _shown(template: str, form: FlaskForm, role: Role | None = None) -> str | tuple[str, int]:
    page = render_template(template, form=form, role=role, active_section="settings")
    return (page, 422) if form.errors else page


def _role(role_id: int) -> Role:
    role = db.session.get(Role, role_id)
    if role is None:
        abort(404)
    return role
