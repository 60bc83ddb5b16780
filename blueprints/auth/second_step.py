"""The second step of signing in, for those who have asked for one: a code of their phone."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.limits import was_refused
from blueprints.security import begin_session
from extensions import limiter
from services.signing_in import two_factor

from . import halfway
from .next import HOME, own_address, with_next
from .security_forms import CodeForm

bp = Blueprint("second_step", __name__)


@bp.route("/login/code", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], deduct_when=was_refused)
@limiter.limit("10 per 15 minutes; 40 per day", key_func=halfway.limit_key, methods=["POST"], deduct_when=was_refused)
def ask() -> Response | str | tuple[str, int]:
    """Ask for the code. Refusals are counted by address and, wherever they come from, by agent."""
    if current_user.is_authenticated:
        return redirect(HOME, 303)
    agent = halfway.agent()
    if agent is None:
        flash(gettext("That took too long. Sign in again."), "info")
        return redirect(with_next("/login"), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _shown(form)
    if not two_factor.accept(agent.id, form.code.data):
        form.code.errors = [gettext("This code is wrong or was used already. Wait for the next one.")]
        return _shown(form)
    # The code may have waited for a change of the password.
    agent = halfway.agent()
    if agent is None:
        return redirect(with_next("/login"), 303)
    begin_session(agent)
    return redirect(own_address(), 303)


def _shown(form: CodeForm) -> str | tuple[str, int]:
    page = render_template("auth/code.html", form=form, back=with_next("/login"))
    return (page, 422) if form.errors else page
