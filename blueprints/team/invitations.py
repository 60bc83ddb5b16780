"""Invitations, as administrators see them: made, renewed, revoked. Each link is shown this one time."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template
from flask_babel import gettext
from werkzeug.wrappers import Response

from blueprints.security import administrators_only, signed_in_agent
from services.errors import InvalidInput
from services.team import access_levels, groups, invitations, roles
from services.team.access_levels import Level
from services.team.invitations import Link, Offer

from .forms import InvitationForm

bp = Blueprint("invitations", __name__, url_prefix="/settings/invitations")


@bp.route("/new", methods=["GET", "POST"])
@administrators_only
def create() -> str | tuple[str, int]:
    """Invite somebody."""
    form = InvitationForm()
    form.offer(groups.active(), access_levels.families())
    form.offer_roles(roles.everything())
    if not form.is_submitted():
        form.show_level(Level())
    elif form.validate():
        try:
            return _told(invitations.invite(signed_in_agent(), _offer(form)))
        except InvalidInput as error:
            form.refuse(error)
    page = render_template("team/invite.html", form=form, active_section="settings")
    return (page, 422) if form.errors else page


@bp.post("/<id:invitation_id>/renew")
@administrators_only
def renew(invitation_id: int) -> str:
    """Another link; the old one opens nothing any more."""
    link = invitations.renew(invitation_id, signed_in_agent())
    if link is None:
        abort(404)
    return _told(link)


@bp.post("/<id:invitation_id>/revoke")
@administrators_only
def revoke(invitation_id: int) -> Response:
    """Take an invitation back."""
    invitation = invitations.revoke(invitation_id)
    if invitation is None:
        abort(404)
    flash(gettext("The invitation of %(email)s was taken back.", email=invitation.email), "success")
    return redirect("/settings/agents", 303)


def _offer(form: InvitationForm) -> Offer:
    return Offer(
        email=form.email.data or "",
        name=form.name.data or "",
        role_id=form.role.data or None,
        is_admin=form.is_admin.data,
        level=form.level,
    )


def _told(link: Link) -> str:
    """The page with the link, as the answer itself: it stands in no address, cookie or log on its way."""
    address = f"{current_app.config['DESKBELL'].public_url}/join/{link.token}"
    return render_template("team/invited.html", invitation=link.invitation, address=address, active_section="settings")
