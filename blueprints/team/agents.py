"""Agents, as administrators see them: listed, changed, disabled, deleted."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from extensions import db
from models import Agent
from services.attendance import statuses
from services.errors import InvalidInput
from services.signing_in import two_factor
from services.team import access_levels, groups, invitations, roles, staffing

from .forms import AgentForm, HeirForm

bp = Blueprint("agents", __name__, url_prefix="/settings/agents")


@bp.get("")
@administrators_only
def index() -> str:
    """Everybody, and those who are invited."""
    rows = [(agent, statuses.of(agent), access_levels.of(agent)) for agent in staffing.everyone()]
    invited = [(invitation, invitations.holds(invitation)) for invitation in invitations.waiting()]
    names = {role.id: role.name for role in roles.everything()}
    return render_template("team/agents.html", rows=rows, invited=invited, role_names=names, active_section="settings")


@bp.route("/<id:agent_id>", methods=["GET", "POST"])
@administrators_only
def show(agent_id: int) -> Response | str | tuple[str, int]:
    """One agent."""
    agent, form = _agent(agent_id), AgentForm()
    form.offer(groups.active(), access_levels.families())
    form.offer_roles(roles.everything())
    if not form.is_submitted():
        form.show(agent, access_levels.of(agent))
    elif form.validate():
        try:
            _change(agent_id, form)
        except InvalidInput as error:
            form.refuse(error)
        else:
            flash(gettext("Saved."), "success")
            return redirect(f"/settings/agents/{agent_id}", 303)
    page = render_template(
        "team/agent.html",
        agent_shown=agent,
        form=form,
        two_factor_is_on=two_factor.is_on(agent_id),
        active_section="settings",
    )
    return (page, 422) if form.errors else page


@bp.route("/<id:agent_id>/disable", methods=["GET", "POST"])
@administrators_only
def disable(agent_id: int) -> Response | str | tuple[str, int]:
    """Let an agent sign in no more."""
    return _leave(_agent(agent_id), "team/disable.html")


@bp.route("/<id:agent_id>/delete", methods=["GET", "POST"])
@administrators_only
def delete(agent_id: int) -> Response | str | tuple[str, int]:
    """Take an agent off the list for good."""
    return _leave(_agent(agent_id), "team/delete.html")


@bp.post("/<id:agent_id>/enable")
@administrators_only
def enable(agent_id: int) -> Response:
    """Let an agent sign in again."""
    agent = _agent(agent_id)
    staffing.enable(agent.id)
    flash(gettext("%(name)s can sign in again.", name=agent.name), "success")
    return redirect(f"/settings/agents/{agent_id}", 303)


def _leave(agent: Agent, template: str) -> Response | str | tuple[str, int]:
    """Ask who takes over, and let the agent go."""
    others = [other for other in staffing.everyone() if other.active and other.id != agent.id]
    form = HeirForm()
    form.offer(others)
    if form.validate_on_submit():
        is_for_good = template == "team/delete.html"
        try:
            (staffing.delete if is_for_good else staffing.disable)(agent.id, form.heir.data)
        except InvalidInput as error:
            form.heir.errors = [sentence(error)]
        else:
            flash(gettext("%(name)s can no longer sign in.", name=agent.name), "success")
            return redirect("/settings/agents" if is_for_good else f"/settings/agents/{agent.id}", 303)
    page = render_template(template, agent_shown=agent, others=others, form=form, active_section="settings")
    return (page, 422) if form.errors else page


def _change(agent_id: int, form: AgentForm) -> None:
    staffing.change(
        agent_id,
        name=form.name.data or "",
        email=form.email.data or "",
        is_admin=form.is_admin.data,
        level=form.level,
        role_id=form.role.data or None,
        signature=form.signature.data or "",
        capacity=form.capacity.data,
    )


def _agent(agent_id: int) -> Agent:
    agent = db.session.get(Agent, agent_id)
    if agent is None or agent.deleted_at is not None:
        abort(404)
    return agent
