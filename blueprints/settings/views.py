"""Settings of chats and of the widget."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from blueprints.snippet import snippet_of
from realtime import availability, publish
from services import desk, settings
from services.errors import InvalidInput
from services.exchange import widgets
from services.settings import ChatSettings
from services.team import agents

from .forms import ChatsForm, WidgetForm

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
@administrators_only
def index() -> Response:
    """The first page of the settings."""
    return redirect("/settings/chats", 303)


@bp.route("/chats", methods=["GET", "POST"])
@administrators_only
def chats() -> Response | str | tuple[str, int]:
    """When silent chats end, and how many an agent is given."""
    form = ChatsForm(obj=settings.chats())
    if not form.validate_on_submit():
        return _shown("settings/chats.html", form)
    new = ChatSettings(
        form.silence_minutes.data, form.warning_minutes.data, form.may_postpone.data, form.chats_at_once.data
    )
    try:
        settings.change_chats(new)
    except InvalidInput as error:
        form[error.field].errors = [sentence(error)]
        return _shown("settings/chats.html", form)
    publish.catch_up(agents.active_ids())
    flash(gettext("Saved. Chats now end after %(minutes)s silent minutes.", minutes=new.silence_minutes), "success")
    return redirect("/settings/chats", 303)


@bp.route("/widget", methods=["GET", "POST"])
@administrators_only
def widget() -> Response | str | tuple[str, int]:
    """The widget of our own live chat and the line that puts it on a site."""
    found = desk.first_widget()
    form = WidgetForm(
        when_away=found.when_away,
        title=found.title,
        colour=found.colour,
        allowed_sites="\n".join(found.allowed_sites),
    )
    context = {"widget": found, "snippet": snippet_of(found)}
    if not form.validate_on_submit():
        return _shown("settings/widget.html", form, **context)
    try:
        widgets.change(
            found.id,
            title=form.title.data,
            colour=form.colour.data,
            sites=form.allowed_sites.data,
            when_away=form.when_away.data,
        )
    except InvalidInput as error:
        form[error.field].errors = [sentence(error)]
        return _shown("settings/widget.html", form, **context)
    availability.tell()
    flash(gettext("Saved. Sites show the change within five minutes."), "success")
    return redirect("/settings/widget", 303)


def _shown(template: str, form: FlaskForm, **context: object) -> str | tuple[str, int]:
    page = render_template(template, form=form, active_section="settings", **context)
    return (page, 422) if form.errors else page
