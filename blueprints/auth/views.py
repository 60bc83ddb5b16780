"""Signing in and out, the first administrator, one's own profile."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, session
from flask_babel import gettext
from flask_babel import refresh as refresh_language
from flask_login import current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.htmx import wants_fragment
from blueprints.security import SignedIn, begin_browser_session, browser_session, signed_in_agent
from config import LANGUAGES
from extensions import limiter
from realtime import fragments, publish
from services import agents, statuses
from services.errors import InvalidInput

from .forms import ProfileForm, SetupForm, SignInForm

bp = Blueprint("auth", __name__)

HOME = "/chats"


def _was_refused(response: Response) -> bool:
    return response.status_code == 422


@bp.get("/")
def home() -> Response:
    """The chats are where everybody begins."""
    return redirect(HOME, 303)


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], deduct_when=_was_refused)
def sign_in() -> Response | str | tuple[str, int]:
    """Sign in. Ten refusals a minute from one address are enough; a whole office may sign in at nine."""
    if current_user.is_authenticated:
        return redirect(HOME, 303)
    form = SignInForm()
    if not form.validate_on_submit():
        return _shown("auth/login.html", form)
    agent = agents.authenticate(form.email.data, form.password.data)
    if agent is None:
        form.password.errors = [gettext("E-mail address and password do not match.")]
        return _shown("auth/login.html", form, refused=True)
    _begin_session(SignedIn(agent))
    return redirect(_own_address(request.args.get("next", "")), 303)


@bp.post("/logout")
@login_required
def sign_out() -> Response:
    """Sign out."""
    ended = browser_session()
    logout_user()
    session.clear()
    answer = redirect("/login", 303)
    # Not before this answer has taken the cookie away: other tabs leave for the sign-in page at once.
    answer.call_on_close(partial(publish.signed_out, ended))
    return answer


@bp.route("/setup/<token>", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"])
def set_up(token: str) -> Response | str | tuple[str, int]:
    """The one-time link: make the first administrator. Gone as soon as there is one."""
    if not agents.may_set_up(token):
        abort(404)
    form = SetupForm()
    if not form.validate_on_submit():
        return _shown("auth/setup.html", form)
    try:
        agent = agents.create_first(email=form.email.data, name=form.name.data, password=form.password.data)
    except InvalidInput as error:
        return _refused("auth/setup.html", form, error)
    _begin_session(SignedIn(agent))
    return redirect(HOME, 303)


@bp.post("/status")
@login_required
def choose_status() -> Response | str:
    """Take another status; it holds for all pages of this agent."""
    agent = signed_in_agent()
    statuses.choose(agent.id, request.form.get("status", default=0, type=_small_number))
    if wants_fragment():
        return fragments.of_agent(agent)
    return redirect(request.referrer or HOME, 303)


@bp.route("/profile", methods=["GET", "POST"])
@login_required
def profile() -> Response | str | tuple[str, int]:
    """Language and appearance, each agent for themselves."""
    agent = signed_in_agent()
    form = ProfileForm(obj=agent)
    if not form.validate_on_submit():
        return _shown("auth/profile.html", form)
    agents.change_profile(agent.id, language=form.language.data, theme=form.theme.data, languages=LANGUAGES)
    refresh_language()
    flash(gettext("Saved."), "success")
    return redirect("/profile", 303)


def _begin_session(who: SignedIn) -> None:
    statuses.begin(who.agent.id)
    session.clear()
    session.permanent = True
    begin_browser_session()
    login_user(who)


def _small_number(text: str) -> int:
    """A number as the desk has them; ValueError for what no database could hold."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _own_address(wanted: str) -> str:
    """Where to go after signing in: an address of ours, never another site."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    is_line = wanted.isprintable()
    ours = is_line and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if ours else HOME


def _shown(template: str, form: FlaskForm, *, refused: bool = False) -> str | tuple[str, int]:
    page = render_template(template, form=form, active_section="profile")
    return (page, 422) if form.errors or refused else page


def _refused(template: str, form: FlaskForm, error: InvalidInput) -> tuple[str, int]:
    form[error.field].errors = [sentence(error)]
    return render_template(template, form=form, active_section="profile"), 422
