"""Integrations: the connected channels and how each of them does."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.connecting import connect_chatra, hook_url, replace_chatra_keys
from blueprints.errors import sentence
from blueprints.reasons import reason
from blueprints.security import administrators_only
from channels.base import ChannelError
from extensions import db
from models import Channel
from services.attendance import presence
from services.errors import InvalidInput
from services.exchange import channels, inbox
from services.team import groups

from .forms import ChatraForm, ChatraKeysForm, PresenceForm

bp = Blueprint("integrations", __name__, url_prefix="/settings/integrations")


@bp.get("")
@administrators_only
def index() -> str:
    """All connected channels."""
    return render_template("settings/integrations.html", channels=channels.everything(), active_section="settings")


@bp.route("/chatra", methods=["GET", "POST"])
@administrators_only
def chatra() -> Response | str | tuple[str, int]:
    """Connect a Chatra account by its two keys."""
    form = ChatraForm()
    form.group.choices = [group.name for group in groups.active()]
    if not form.validate_on_submit():
        page = render_template("settings/chatra.html", form=form, active_section="settings")
        return (page, 422) if form.errors else page
    try:
        channel = connect_chatra(
            name=form.name.data,
            public_key=form.public_key.data,
            secret_key=form.secret_key.data,
            group=form.group.data,
        )
    except ChannelError as error:
        form.secret_key.errors = [reason(error.reason)]
        return render_template("settings/chatra.html", form=form, active_section="settings"), 422
    flash(gettext("Connected. Now paste the webhook address into Chatra."), "success")
    return redirect(f"/settings/integrations/{channel.id}", 303)


@bp.get("/<id:channel_id>")
@administrators_only
def show(channel_id: int) -> str:
    """One channel: its webhook address, how it does and what it sent that we could not use."""
    channel = _channel(channel_id)
    return _shown(channel, _presence_form(channel))


@bp.post("/<id:channel_id>/presence")
@administrators_only
def change_presence(channel_id: int) -> Response | tuple[str, int]:
    """Change when the vendor is told that an agent is away."""
    channel = _told_presence(channel_id)
    form = PresenceForm()
    if not form.validate_on_submit():
        return _shown(channel, form), 422
    try:
        presence.change_debounce(channel_id, form.seconds.data)
    except InvalidInput as error:
        form.seconds.errors = [sentence(error)]
        return _shown(channel, form), 422
    flash(
        gettext("Saved. That an agent is away is told after %(seconds)s seconds.", seconds=form.seconds.data), "success"
    )
    return redirect(f"/settings/integrations/{channel_id}", 303)


@bp.post("/<id:channel_id>/presence/again")
@administrators_only
def tell_presence_again(channel_id: int) -> Response:
    """Have the vendor told of everybody anew."""
    presence.tell_again(_told_presence(channel_id).id)
    flash(gettext("Everybody's presence is being told again."), "success")
    return redirect(f"/settings/integrations/{channel_id}", 303)


@bp.route("/<id:channel_id>/keys", methods=["GET", "POST"])
@administrators_only
def keys(channel_id: int) -> Response | str | tuple[str, int]:
    """Give a Chatra account new keys."""
    channel, form = _channel(channel_id), ChatraKeysForm()
    if channel.kind != "chatra":
        abort(404)
    if form.validate_on_submit():
        try:
            replace_chatra_keys(channel, public_key=form.public_key.data, secret_key=form.secret_key.data)
        except ChannelError as error:
            form.secret_key.errors = [reason(error.reason)]
        else:
            if channels.is_told_presence(channel):
                presence.tell_again(channel_id)
            flash(gettext("The new keys are in use."), "success")
            return redirect(f"/settings/integrations/{channel_id}", 303)
    page = render_template("settings/chatra_keys.html", form=form, channel=channel, active_section="settings")
    return (page, 422) if form.errors else page


@bp.post("/<id:channel_id>/deliveries/<id:item_id>/replay")
@administrators_only
def replay(channel_id: int, item_id: int) -> Response:
    """Try a delivery again that was set aside."""
    _channel(channel_id)
    inbox.replay(channel_id, item_id)
    flash(gettext("Tried again. If it still cannot be used, it comes back here."), "success")
    return redirect(f"/settings/integrations/{channel_id}", 303)


def _channel(channel_id: int) -> Channel:
    channel = db.session.get(Channel, channel_id)
    if channel is None:
        abort(404)
    return channel


def _told_presence(channel_id: int) -> Channel:
    channel = _channel(channel_id)
    if not channels.is_told_presence(channel):
        abort(404)
    return channel


def _presence_form(channel: Channel) -> PresenceForm | None:
    return PresenceForm(seconds=presence.debounce_seconds(channel)) if channels.is_told_presence(channel) else None


def _shown(channel: Channel, form: PresenceForm | None) -> str:
    return render_template(
        "settings/integration.html",
        channel=channel,
        hook_url=hook_url(channel, current_app.config["DESKBELL"].public_url),
        presence_form=form,
        told=presence.overview(channel.id) if form else [],
        aside=inbox.set_aside(channel.id),
        active_section="settings",
    )
