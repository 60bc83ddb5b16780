"""One's own profile, and the pictures of all agents."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, send_file
from flask_babel import gettext
from flask_babel import refresh as refresh_language
from flask_login import login_required
from werkzeug.wrappers import Response as Answer

from blueprints.errors import sentence
from blueprints.security import guard_file, signed_in_agent
from config import LANGUAGES
from services.conversations.attachments import Upload
from services.errors import InvalidInput
from services.team import avatars, profiles
from services.team.profiles import Profile

from .forms import ProfileForm

bp = Blueprint("profile", __name__)

# The name changes with the picture; proxies keep nothing of what a sign-in opens.
_KEPT = "private, max-age=31536000, immutable"


@bp.route("/profile", methods=["GET", "POST"])
@login_required
def show() -> Answer | str | tuple[str, int]:
    """What an agent says about themselves, and how the desk looks to them."""
    agent = signed_in_agent()
    form = ProfileForm(obj=agent)
    if form.validate_on_submit():
        try:
            _keep(agent.id, form)
        except InvalidInput as error:
            form[error.field].errors = [sentence(error)]
        else:
            refresh_language()
            flash(gettext("Saved."), "success")
            return redirect("/profile", 303)
    page = render_template("auth/profile.html", form=form, active_section="profile")
    return (page, 422) if form.errors else page


@bp.get("/avatars/<name>")
@login_required
def picture(name: str) -> Response:
    """An agent's picture, for colleagues."""
    found = avatars.find(name)
    if found is None:
        abort(404)
    response = guard_file(send_file(found.path, mimetype=found.media_type))
    response.headers["Cache-Control"] = _KEPT
    return response


def _keep(agent_id: int, form: ProfileForm) -> None:
    """The picture first: it is what may be refused."""
    if form.picture.data:
        avatars.keep(agent_id, Upload(form.picture.data.filename or "", form.picture.data.stream))
    elif form.without_picture.data:
        avatars.remove(agent_id)
    profile = Profile(
        name=form.name.data or "",
        language=form.language.data,
        theme=form.theme.data,
        signature=form.signature.data or "",
        keeps_status=form.keeps_status.data,
    )
    profiles.change(agent_id, profile, languages=LANGUAGES)
