"""Chatra: an account is connected by its two keys, and given new ones."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.connecting import connect_chatra, replace_chatra_keys
from blueprints.errors import sentence
from blueprints.reasons import reason
from blueprints.security import administrators_only
from channels.base import ChannelError
from extensions import db
from models import Channel, Group
from services.attendance import presence
from services.errors import InvalidInput
from services.exchange import channels
from services.team import agents, groups

from .forms import ChatraForm, ChatraKeysForm
from .found import chatra_of

bp = Blueprint("chatra", __name__, url_prefix="/settings/integrations")


@bp.route("/chatra", methods=["GET", "POST"])
@administrators_only
def connect() -> Response | str | tuple[str, int]:
    """Connect an account: its keys are tried at once."""
    form = ChatraForm()
    form.offer(groups.active(), agents.active())
    if not form.is_submitted():
        form.name.data = channels.free_name("Chatra")
    elif form.validate():
        channel = _connected(form)
        if channel is not None:
            flash(gettext("Connected. Now paste the webhook address into Chatra."), "success")
            return redirect(f"{bp.url_prefix}/{channel.id}", 303)
    page = render_template("integrations/chatra.html", form=form, active_section="settings")
    return (page, 422) if form.is_submitted() else page


@bp.route("/<id:channel_id>/keys", methods=["GET", "POST"])
@administrators_only
def keys(channel_id: int) -> Response | str | tuple[str, int]:
    """Give an account new keys."""
    channel, form = chatra_of(channel_id), ChatraKeysForm()
    if form.validate_on_submit():
        try:
            replace_chatra_keys(channel, public_key=form.public_key.data, secret_key=form.secret_key.data)
        except ChannelError as error:
            _refuse_keys(form, error)
        except InvalidInput as error:
            form.public_key.errors = [sentence(error)]
        else:
            if channels.is_told_presence(channel):
                presence.tell_again(channel_id)
            flash(gettext("The new keys are in use."), "success")
            return redirect(f"{bp.url_prefix}/{channel_id}", 303)
    page = render_template("integrations/keys.html", form=form, channel=channel, active_section="settings")
    return (page, 422) if form.errors else page


def _connected(form: ChatraForm) -> Channel | None:
    """The new channel; without one the form says what was wrong."""
    try:
        return connect_chatra(
            name=form.name.data,
            public_key=form.public_key.data,
            secret_key=form.secret_key.data,
            group=db.session.get_one(Group, form.group.data),
            choices=form.choices,
        )
    except ChannelError as error:
        _refuse_keys(form, error)
    except InvalidInput as error:
        form.refuse(error)
    return None


def _refuse_keys(form: ChatraKeysForm, error: ChannelError) -> None:
    advice = gettext("Copy both keys once more from Chatra: Settings, Preferences, API keys.")
    form.secret_key.errors = [reason(error.reason), advice]
