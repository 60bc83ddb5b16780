"""Signing in and out, the first administrator."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.htmx import wants_fragment
from blueprints.limits import was_refused
from blueprints.security import begin_session, end_session, signed_in_agent
from extensions import limiter
from realtime import fragments
from services.attendance import statuses
from services.errors import InvalidInput
from services.signing_in import two_factor
from services.team import agents

from . import halfway
from .forms import SetupForm, SignInForm
from .next import HOME, own_address, with_next

bp = Blueprint("auth", __name__)


@bp.get("/")
def home() -> Response:
    """The chats are where everybody begins."""
    return redirect(HOME, 303)


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("10 per minute", methods=["POST"], deduct_when=was_refused)
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
    if two_factor.is_on(agent.id):
        halfway.begin(agent)
        return redirect(with_next("/login/code"), 303)
    begin_session(agent)
    return redirect(own_address(), 303)


@bp.post("/logout")
@login_required
def sign_out() -> Response:
    """Sign out."""
    end_session()
    return redirect("/login", 303)


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
    begin_session(agent)
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


def _small_number(text: str) -> int:
    """A number as the desk has them; ValueError for what no database could hold."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _shown(template: str, form: FlaskForm, *, refused: bool = False) -> str | tuple[str, int]:
    page = render_template(template, form=form, active_section="profile")
    return (page, 422) if form.errors or refused else page


def _refused(template: str, form: FlaskForm, error: InvalidInput) -> tuple[str, int]:
    form[error.field].errors = [sentence(error)]
    return render_template(template, form=form, active_section="profile"), 422
