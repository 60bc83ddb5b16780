"""Profile → Security: one's password, and where one is signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from flask_login import login_required
from werkzeug.wrappers import Response

from blueprints.limits import was_refused
from blueprints.security import agent_key, own_sign_in, signed_in_agent
from extensions import limiter
from services.errors import InvalidInput
from services.signing_in import passwords, sign_ins, two_factor

from .security_forms import ChangePasswordForm

bp = Blueprint("own_security", __name__, url_prefix="/profile/security")

HOME = "/profile/security"


@bp.get("")
@login_required
def index() -> str:
    """What guards the account, and the browsers that are signed in."""
    agent = signed_in_agent()
    return render_template(
        "auth/security.html",
        two_factor_is_on=two_factor.is_on(agent.id),
        codes_left=two_factor.codes_left(agent.id),
        sign_ins=sign_ins.of_agent(agent.id),
        here=own_sign_in().id,
        active_section="profile",
    )


@bp.route("/password", methods=["GET", "POST"])
@login_required
@limiter.limit("10 per minute", key_func=agent_key, methods=["POST"], deduct_when=was_refused)
def password() -> Response | str | tuple[str, int]:
    """Another password."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            passwords.change(
                signed_in_agent(), current=form.current.data, new=form.password.data, here=own_sign_in().id
            )
        except InvalidInput as error:
            form.refuse(error)
        else:
            flash(gettext("Your password is changed. Your other browsers are signed out."), "success")
            return redirect(HOME, 303)
    page = render_template("auth/password.html", form=form, active_section="profile")
    return (page, 422) if form.errors else page


@bp.post("/sign-ins/<id:sign_in_id>/end")
@login_required
def end(sign_in_id: int) -> Response:
    """Sign one browser out."""
    sign_ins.revoke(signed_in_agent(), sign_in_id)
    flash(gettext("That browser is signed out."), "success")
    return redirect(HOME, 303)


@bp.post("/sign-ins/end-others")
@login_required
def end_others() -> Response:
    """Sign every other browser out."""
    sign_ins.revoke_others(signed_in_agent(), here=own_sign_in().id)
    flash(gettext("Your other browsers are signed out."), "success")
    return redirect(HOME, 303)
