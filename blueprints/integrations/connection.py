"""One connection: how it does, what is chosen for it, how it is put on a site."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.connecting import hook_url
from blueprints.security import administrators_only, signed_in_agent
from models import Agent, Channel, Group
from services.attendance import presence
from services.errors import InvalidInput
from services.exchange import channel_settings, channel_states, channels, log, offered

from .chatra_snippet import snippet
from .forms import ConnectionForm, PresenceForm
from .found import channel_of, connection_of
from .log import words

bp = Blueprint("integration", __name__, url_prefix="/settings/integrations")


@bp.get("/<id:channel_id>")
@administrators_only
def show(channel_id: int) -> str:
    """One channel: how it does, its address for webhooks, what came and went last."""
    channel = channel_of(channel_id)
    return shown(channel, presence_form(channel))


@bp.get("/<id:channel_id>/heard")
@administrators_only
def heard(channel_id: int) -> tuple[str, int]:
    """Whether anything has come to the channel's address: nothing to show yet, the good news, or that it is over."""
    channel = channel_of(channel_id)
    if channels.capabilities(channel).own_socket:
        abort(404)
    if channel.heard_at is None and channel.disconnected_at is None:
        return "", 204
    return render_template("integrations/first_heard.html", channel=channel, **_last_lines(channel)), 200


@bp.route("/<id:channel_id>/edit", methods=["GET", "POST"])
@administrators_only
def edit(channel_id: int) -> Response | str | tuple[str, int]:
    """What is chosen for a connection."""
    channel, form = connection_of(channel_id), ConnectionForm()
    kept = channel_settings.of(channel)
    if not form.is_submitted():
        form.group.data = channel.group_id
    form.offer(offered.groups_for(kept), offered.agents_for(kept))
    if not form.is_submitted():
        form.show(channel)
    elif form.validate() and _changed(channel_id, form):
        flash(gettext("Saved."), "success")
        return redirect(f"{bp.url_prefix}/{channel_id}", 303)
    page = render_template("integrations/edit.html", form=form, channel=channel, active_section="settings")
    return (page, 422) if form.is_submitted() else page


def presence_form(channel: Channel) -> PresenceForm | None:
    """The form for when the channel's vendor is told of agents who are away, if it is told at all."""
    return PresenceForm(seconds=presence.debounce_seconds(channel)) if channels.is_told_presence(channel) else None


def shown(channel: Channel, form: PresenceForm | None) -> str:
    """The page of one channel."""
    choices = channel_settings.of(channel)
    return render_template(
        "integrations/show.html",
        channel=channel,
        hook_url=hook_url(channel, current_app.config["DESKBELL"].public_url),
        choices=choices,
        seers=[*offered.names(Group, choices.groups).values(), *offered.names(Agent, choices.agents).values()],
        group_names=offered.names(Group, choices.routes.values()),
        waiting=channel_states.waiting(channel.id),
        site=_site(channel),
        presence_form=form,
        told=presence.overview(channel.id) if form else [],
        active_section="settings",
        **_last_lines(channel),
    )


def _last_lines(channel: Channel) -> dict[str, object]:
    """What the channel's log says last."""
    return {
        "log_lines": log.latest(channel, signed_in_agent()),
        "aside": log.set_aside().get(channel.id, 0),
        **words(),
    }


def _changed(channel_id: int, form: ConnectionForm) -> bool:
    try:
        channels.change(channel_id, name=form.name.data or "", group_id=form.group.data, choices=form.choices)
    except InvalidInput as error:
        form.refuse(error)
        return False
    return True


def _site(channel: Channel) -> dict[str, str] | None:
    """How Chatra's own widget is put on a site, with one of the account's groups where that is wanted."""
    public_key = channel.credentials.get("public_key", "")
    if channel.kind != "chatra" or not public_key:
        return None
    group = " ".join(request.args.get("site_group", "").split())[:100]
    return {"group": group, "snippet": snippet(public_key, group)}
