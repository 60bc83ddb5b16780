"""Widgets: how the button on a site looks, where it may stand, and what it offers at the moment."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from sqlalchemy import select

from extensions import db
from models import WhenAway, Widget
from services.attendance import availability
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import unit_of_work

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_HOST = re.compile(r"[a-z0-9.:_-]+")
_USUAL_PORTS = {"http": 80, "https": 443}
_WILDCARD = re.compile(r"\*(\.[a-z0-9-]+)+", re.IGNORECASE)


class Offer(StrEnum):
    """What a visitor finds behind the button."""

    CHAT = "chat"
    FORM = "form"
    NONE = "none"


def offer(widget: Widget) -> Offer:
    """What the widget offers now to one who has no chat under way (product.md §6.3)."""
    channel = widget.channel
    if widget.when_away == WhenAway.ALWAYS or availability.anyone(channel.family, channel.group_id):
        return Offer.CHAT
    return Offer.FORM if widget.when_away == WhenAway.FORM else Offer.NONE


def everything() -> list[Widget]:
    """All widgets."""
    return list(db.session().scalars(select(Widget).order_by(Widget.id)))


def change(widget_id: int, *, title: str, colour: str, sites: str, when_away: str = WhenAway.FORM) -> None:
    """Keep how a widget looks, where it may stand and what it offers while nobody is there.

    Args:
        widget_id: which widget.
        title: at the top of the panel; empty for the standard one.
        colour: such as #0f766e.
        sites: one a line, "https://shop.example" or "*.shop.example"; none means every site.
        when_away: one of `WhenAway`.

    Raises:
        InvalidInput: a colour or a site that cannot be read, or no such choice.
    """
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput("colour", N_("Enter a colour such as #0f766e."))
    if when_away not in list(WhenAway):
        raise InvalidInput("when_away", N_("Choose what the widget does while nobody is there."))
    allowed = [_site(line) for line in sites.splitlines() if line.strip()]
    with unit_of_work() as session:
        widget = session.get_one(Widget, widget_id)
        widget.title, widget.colour, widget.allowed_sites = one_line(title, longest=80), colour, allowed
        widget.when_away = when_away


def allows(widget: Widget, origin: str) -> bool:
    """Whether a page of this origin may use the widget."""
    if not widget.allowed_sites:
        return True
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return any(origin == site or (site.startswith("*.") and host.endswith(site[1:])) for site in widget.allowed_sites)


def _site(line: str) -> str:
    """A site as browsers name it: lower case, without its usual port, foreign letters as punycode."""
    wildcard = line.strip().casefold()
    if _WILDCARD.fullmatch(wildcard):
        return wildcard
    try:
        return _origin(wildcard if "://" in wildcard else f"https://{wildcard}")
    except ValueError as error:
        raise InvalidInput("allowed_sites", N_("%(site)s is no address of a site."), site=line.strip()) from error


def _origin(address: str) -> str:
    """The origin of a site's address. Raises `ValueError` for what is none."""
    parts = urlsplit(address)
    has_more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in _USUAL_PORTS or not parts.hostname or has_more:
        raise ValueError(address)
    host = parts.hostname if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    if not _HOST.fullmatch(host):
        raise ValueError(address)
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in (None, _USUAL_PORTS[parts.scheme]) else "")
