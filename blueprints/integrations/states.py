"""A connection is switched off and on again, gets another address, is disconnected."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.security import administrators_only
from services.exchange import channel_states, disconnecting

from .forms import DisconnectForm
from .found import connection_of

bp = Blueprint("integration_states", __name__, url_prefix="/settings/integrations")


@bp.post("/<id:channel_id>/off")
@administrators_only
def switch_off(channel_id: int) -> Response:
    """Let everything wait."""
    channel = connection_of(channel_id)
    channel_states.switch_off(channel_id)
    flash(gettext("%(name)s is off. What comes in is kept, and answers wait.", name=channel.name), "success")
    return _back(channel_id)


@bp.post("/<id:channel_id>/on")
@administrators_only
def switch_on(channel_id: int) -> Response:
    """Let everything go on."""
    channel = connection_of(channel_id)
    channel_states.switch_on(channel_id)
    flash(gettext("%(name)s is on again. What waited is on its way.", name=channel.name), "success")
    return _back(channel_id)


@bp.post("/<id:channel_id>/address")
@administrators_only
def renew_address(channel_id: int) -> Response:
    """Another address for the webhooks."""
    connection_of(channel_id)
    channel_states.renew_address(channel_id)
    flash(gettext("The old webhook address does not work any more. Paste the new one into all fields."), "success")
    return _back(channel_id)


@bp.route("/<id:channel_id>/disconnect", methods=["GET", "POST"])
@administrators_only
def disconnect(channel_id: int) -> Response | str | tuple[str, int]:
    """Ask, and disconnect for good."""
    channel, form = connection_of(channel_id), DisconnectForm()
    if form.validate_on_submit():
        name = channel.name
        disconnecting.disconnect(channel_id, form.status.data)
        flash(gettext("%(name)s is disconnected. Its cases stay and can be read.", name=name), "success")
        return redirect("/settings/integrations", 303)
    page = render_template(
        "integrations/disconnect.html",
        form=form,
        channel=channel,
        waiting=channel_states.waiting(channel_id),
        active_section="settings",
    )
    return (page, 422) if form.errors else page


def _back(channel_id: int) -> Response:
    return redirect(f"{bp.url_prefix}/{channel_id}", 303)
