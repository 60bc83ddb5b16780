"""Widgets: how the button on a site looks and where it may stand."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from models import Widget

from .errors import N_, InvalidInput
from .sanitise import one_line
from .uow import unit_of_work

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WILDCARD = re.compile(r"\*(\.[a-z0-9-]+)+", re.IGNORECASE)


def change(widget_id: int, *, title: str, colour: str, sites: str) -> None:
    """Keep how a widget looks and where it may stand.

    Args:
        widget_id: which widget.
        title: at the top of the panel; empty for the standard one.
        colour: such as #0f766e.
        sites: one a line, "https://shop.example" or "*.shop.example"; none means every site.

    Raises:
        InvalidInput: a colour or a site that cannot be read.
    """
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput("colour", N_("Enter a colour such as #0f766e."))
    allowed = [_site(line) for line in sites.splitlines() if line.strip()]
    with unit_of_work() as session:
        widget = session.get_one(Widget, widget_id)
        widget.title, widget.colour, widget.allowed_sites = one_line(title, longest=80), colour, allowed


def allows(widget: Widget, origin: str) -> bool:
    """Whether a page of this origin may use the widget."""
    if not widget.allowed_sites:
        return True
    host = urlsplit(origin).hostname or ""
    return any(origin == site or (site.startswith("*.") and host.endswith(site[1:])) for site in widget.allowed_sites)


def _site(line: str) -> str:
    site = line.strip().rstrip("/").casefold()
    if _WILDCARD.fullmatch(site):
        return site
    parts = urlsplit(site if "://" in site else f"https://{site}")
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise InvalidInput("allowed_sites", N_("%(site)s is no address of a site."), site=line.strip())
    return f"{parts.scheme}://{parts.netloc}"
