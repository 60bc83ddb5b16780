"""What administrators do for those who cannot sign in, and the link by which somebody chooses a new password."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.limits import was_refused
from blueprints.security import administrators_only, signed_in_agent
from extensions import db, limiter
from models import Agent
from services.errors import InvalidInput
from services.signing_in import passwords, two_factor

from .security_forms import ChoosePasswordForm

bp = Blueprint("password_links", __name__)


def address(token: str) -> str:
    """Where the link with this word leads."""
    return f"{current_app.config['DESKBELL'].public_url}/password/{token}"


@bp.post("/settings/agents/<id:agent_id>/password-link")
@administrators_only
def make(agent_id: int) -> str:
    """A link for an agent, as the answer itself: it stands in no address, cookie or log on its way."""
    agent = _agent(agent_id)
    token = passwords.make_link(agent, made_by=signed_in_agent())
    return render_template(
        "auth/password_link.html", agent_shown=agent, address=address(token), active_section="settings"
    )


@bp.post("/settings/agents/<id:agent_id>/two-factor/reset")
@administrators_only
def reset_two_factor(agent_id: int) -> Response:
    """Let an agent whose phone is gone sign in with the password alone."""
    agent = _agent(agent_id)
    two_factor.reset(agent.id)
    flash(gettext("%(name)s signs in with the password alone now.", name=agent.name), "success")
    return redirect(f"/settings/agents/{agent_id}", 303)


@bp.route("/password/<token>", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], deduct_when=was_refused)
def choose(token: str) -> Response | str | tuple[str, int]:
    """Choose a password by such a link. It tells nothing to those who have none."""
    agent = passwords.whose_link(token)
    if agent is None:
        return _over()
    form = ChoosePasswordForm()
    if form.validate_on_submit():
        try:
            if not passwords.choose_by_link(token, form.password.data):
                return _over()
        except InvalidInput as error:
            form.refuse(error)
        else:
            flash(gettext("Your new password is set. Sign in with it."), "success")
            return redirect("/login", 303)
    page = render_template("auth/choose_password.html", form=form, email=agent.email)
    return (page, 422) if form.errors else page


def _over() -> tuple[str, int]:
    return render_template("auth/link_over.html"), 404


def _agent(agent_id: int) -> Agent:
    """Somebody else: for oneself there is the profile, which asks who one is."""
    agent = db.session.get(Agent, agent_id)
    if agent is None or not agent.active or agent.id == signed_in_agent().id:
        abort(404)
    return agent
