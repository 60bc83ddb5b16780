"""An agent's notifications: what they want to hear of, and the browsers that take Web Push for them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_from_directory
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import agent_key, own_sign_in, signed_in_agent
from extensions import limiter
from realtime import publish
from services.alerts import notifications, push_keys, push_subscriptions
from services.alerts.notifications import Wishes
from services.alerts.push_subscriptions import Address
from services.errors import InvalidInput

from .endpoints import require_public
from .forms import NotificationsForm

bp = Blueprint("notifications", __name__)


@bp.route("/profile/notifications", methods=["GET", "POST"])
@login_required
def show() -> Response | str | tuple[str, int]:
    """What the agent wants to hear of, and how."""
    agent = signed_in_agent()
    form = NotificationsForm(data=asdict(notifications.wishes(agent)))
    if not form.validate_on_submit():
        return _page(form), 422 if form.errors else 200
    try:
        notifications.change(agent.id, Wishes(**{name: form[name].data for name in asdict(Wishes())}))
    except InvalidInput as error:
        form[error.field].errors = [sentence(error)]
        return _page(form), 422
    publish.catch_up([agent.id])
    flash(gettext("Saved."), "success")
    return redirect("/profile/notifications", 303)


@bp.post("/profile/notifications/browser")
@login_required
@limiter.limit("20 per minute", key_func=agent_key)
def switch_on() -> tuple[str, int]:
    """This browser takes Web Push from now on, as long as its sign-in lasts."""
    given = Address(*(request.form.get(name, "") for name in ("endpoint", "p256dh", "auth")))
    push_subscriptions.check(given)
    require_public(given.endpoint)
    agent_id, sign_in_id = signed_in_agent().id, own_sign_in().id
    push_subscriptions.subscribe(agent_id, sign_in_id, given, browser=request.user_agent.string)
    return "", 204


@bp.post("/profile/notifications/browser/off")
@login_required
def switch_off() -> tuple[str, int]:
    """This browser takes no Web Push any more."""
    push_subscriptions.unsubscribe(signed_in_agent().id, request.form.get("endpoint", ""))
    return "", 204


@bp.post("/profile/notifications/test")
@login_required
@limiter.limit("6 per minute", key_func=agent_key)
def try_out() -> tuple[str, int]:
    """Send a push to this browser."""
    push_subscriptions.try_out(signed_in_agent().id, request.form.get("endpoint", ""))
    return "", 204


def service_worker() -> Response:
    """The script that a browser keeps for us; at the root, so that it answers for every page."""
    answer = send_from_directory(current_app.static_folder or "static", "sw.js", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.record_once
def _add_service_worker(state: BlueprintSetupState) -> None:
    """Outside the blueprint: browsers look for a new one by themselves, which is no sign that anybody is there."""
    state.app.add_url_rule("/sw.js", "service_worker", service_worker)


@bp.app_context_processor
def _for_every_page() -> dict[str, Any]:
    return {"agent_wishes": _own_wishes}


def _own_wishes() -> Wishes:
    """What the pages of the signed-in agent ring for."""
    return notifications.wishes(current_user.agent) if current_user and current_user.is_authenticated else Wishes()


def _page(form: NotificationsForm) -> str:
    return render_template("notifications/show.html", form=form, active_section="profile", key=push_keys.keys().public)
