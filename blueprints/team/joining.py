"""The other end of an invitation: whoever has the link becomes an agent. It tells nothing to those who have none."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.limits import was_refused
from blueprints.security import begin_session
from extensions import limiter
from services.errors import InvalidInput
from services.team import invitations

from .forms import JoinForm

bp = Blueprint("joining", __name__)


@bp.route("/join/<token>", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], deduct_when=was_refused)
def show(token: str) -> Response | str | tuple[str, int]:
    """Accept an invitation."""
    invitation = invitations.by_token(token)
    if invitation is None:
        return _over()
    if current_user.is_authenticated:
        return render_template("team/join_signed_in.html")
    form = JoinForm(name=invitation.name, language=str(get_locale() or "en"))
    if form.validate_on_submit():
        try:
            return _joined(token, form)
        except InvalidInput as error:
            field = form.password if error.field == "password" else form.name
            field.errors = [sentence(error)]
    page = render_template("team/join.html", form=form, email=invitation.email)
    return (page, 422) if form.errors else page


def _joined(token: str, form: JoinForm) -> Response | tuple[str, int]:
    name, password, language = form.name.data or "", form.password.data or "", form.language.data
    agent = invitations.accept(token, name=name, password=password, language=language)
    if agent is None:
        return _over()
    begin_session(agent)
    return redirect("/chats", 303)


def _over() -> tuple[str, int]:
    """The same for whatever does not open: nobody finds out by it what once was a link."""
    return render_template("team/join_over.html"), 404
