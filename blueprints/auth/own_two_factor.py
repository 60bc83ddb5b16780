"""Profile → Security: the second factor is turned on and off, recovery codes are made."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.limits import was_refused
from blueprints.security import agent_key, signed_in_agent
from extensions import limiter
from models import Agent
from services.errors import InvalidInput
from services.signing_in import two_factor

from .security_forms import BothFactorsForm, TurnOnForm

bp = Blueprint("own_two_factor", __name__, url_prefix="/profile/security/two-factor")

BACK = "/profile/security"
_TRIES = "10 per minute"


@bp.route("", methods=["GET", "POST"])
@login_required
@limiter.limit(_TRIES, key_func=agent_key, methods=["POST"], deduct_when=was_refused)
def turn_on() -> Response | str | tuple[str, int]:
    """Show a key to the agent's phone, and ask for a code of it."""
    agent, form = signed_in_agent(), TurnOnForm()
    if two_factor.is_on(agent.id):
        return redirect(BACK, 303)
    if form.validate_on_submit():
        words = {"password": form.password.data, "code": form.code.data}
        try:
            return _told(two_factor.turn_on(agent, form.proposal.data, **words), is_new=True)
        except InvalidInput as error:
            form.refuse(error)
    key = _proposed(form, agent)
    code = segno.make(two_factor.address(agent, key), micro=False).svg_data_uri(scale=4, light="#fff")
    page = render_template("auth/two_factor.html", form=form, key=key, qr_code=code, active_section="profile")
    return (page, 422) if form.errors else page


@bp.route("/off", methods=["GET", "POST"])
@login_required
@limiter.limit(_TRIES, key_func=agent_key, methods=["POST"], deduct_when=was_refused)
def turn_off() -> Response | str | tuple[str, int]:
    """Do without the second factor from now on."""
    agent, form = signed_in_agent(), BothFactorsForm()
    if not two_factor.is_on(agent.id):
        return redirect(BACK, 303)
    if form.validate_on_submit():
        try:
            two_factor.turn_off(agent, password=form.password.data, code=form.code.data)
        except InvalidInput as error:
            form.refuse(error)
        else:
            flash(gettext("You sign in with your password alone now."), "success")
            return redirect(BACK, 303)
    page = render_template("auth/two_factor_off.html", form=form, active_section="profile")
    return (page, 422) if form.errors else page


@bp.route("/codes", methods=["GET", "POST"])
@login_required
@limiter.limit(_TRIES, key_func=agent_key, methods=["POST"], deduct_when=was_refused)
def renew_codes() -> Response | str | tuple[str, int]:
    """Other recovery codes in place of those there were."""
    agent, form = signed_in_agent(), BothFactorsForm()
    if not two_factor.is_on(agent.id):
        return redirect(BACK, 303)
    if form.validate_on_submit():
        try:
            codes = two_factor.renew_codes(agent, password=form.password.data, code=form.code.data)
            return _told(codes, is_new=False)
        except InvalidInput as error:
            form.refuse(error)
    page = render_template("auth/renew_codes.html", form=form, active_section="profile")
    return (page, 422) if form.errors else page


def _proposed(form: TurnOnForm, agent: Agent) -> str:
    """The key that the form speaks of, a new one if it speaks of none that counts."""
    try:
        return two_factor.opened(form.proposal.data or "", agent.id)
    except InvalidInput:
        form.proposal.data = two_factor.propose(agent.id)
        return two_factor.opened(form.proposal.data, agent.id)


def _told(codes: list[str], *, is_new: bool) -> str:
    """The page with the codes, as the answer itself: they are shown this one time."""
    return render_template("auth/recovery_codes.html", codes=codes, is_new=is_new, active_section="profile")
