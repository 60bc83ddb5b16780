"""Presence of a connection: when its vendor is told that agents are away."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.errors import sentence
from blueprints.security import administrators_only
from models import Channel
from services.attendance import presence
from services.errors import InvalidInput
from services.exchange import channels

from .connection import shown
from .forms import PresenceForm
from .found import channel_of

bp = Blueprint("integration_presence", __name__, url_prefix="/settings/integrations")


@bp.post("/<id:channel_id>/presence")
@administrators_only
def change(channel_id: int) -> Response | tuple[str, int]:
    """Change when the vendor is told that an agent is away."""
    channel = _told_presence(channel_id)
    form = PresenceForm()
    if not form.validate_on_submit():
        return shown(channel, form), 422
    try:
        presence.change_debounce(channel_id, form.seconds.data)
    except InvalidInput as error:
        form.seconds.errors = [sentence(error)]
        return shown(channel, form), 422
    flash(
        gettext("Saved. That an agent is away is told after %(seconds)s seconds.", seconds=form.seconds.data), "success"
    )
    return redirect(f"{bp.url_prefix}/{channel_id}", 303)


@bp.post("/<id:channel_id>/presence/again")
@administrators_only
def tell_again(channel_id: int) -> Response:
    """Have the vendor told of everybody anew."""
    presence.tell_again(_told_presence(channel_id).id)
    flash(gettext("Everybody's presence is being told again."), "success")
    return redirect(f"{bp.url_prefix}/{channel_id}", 303)


def _told_presence(channel_id: int) -> Channel:
    channel = channel_of(channel_id)
    if not channels.is_told_presence(channel):
        abort(404)
    return channel
