"""Values of the domain in the reader's language: the database and the channels know them by their plain names."""

from __future__ import annotations

from flask import Flask
from flask_babel import format_decimal, gettext, ngettext

from channels.registry import KINDS
from models import AgentStatus
from services import desk
from services.conversations import transfers
from services.conversations.vendor_data import Fact
from services.errors import N_

from .kept import Kept
from .reasons import reason

_ACCESS_NAMES = {
    "full": N_("Full access"),
    "groups": N_("By groups"),
    "limited": N_("Limited"),
    "view-only": N_("View only"),
}
_FAMILY_NAMES = {"live_chat": N_("Live chat"), "email": N_("E-mail")}
_AGENT_STATUS_NAMES = {"online": N_("Online"), "offline": N_("Offline"), "without_chats": N_("Without chats")}
_HANDLING_NAMES = {"handle": N_("view and handle"), "view": N_("view only"), "none": N_("no access")}
_SYSTEM_LINES = Kept((transfers.TO_GROUP, transfers.TO_AGENT))
_STATUS_NAMES = {"open": N_("Open"), "pending": N_("Pending"), "closed": N_("Closed")}


def register(app: Flask) -> None:
    """Add them to the templates."""
    app.add_template_filter(or_visitor)
    app.add_template_filter(file_size)
    app.add_template_filter(reason, "reason")
    app.add_template_filter(_SYSTEM_LINES, "system_line")
    app.add_template_filter(access_level)
    app.add_template_filter(agent_status)
    app.add_template_filter(handling)
    app.add_template_filter(family_name)
    app.add_template_global(status_name)
    app.add_template_global(channel_title)
    app.add_template_filter(family_filter)
    app.add_template_filter(fact_label)


def or_visitor(name: str, customer_id: int) -> str:
    """A customer's name, or "Visitor 81" for one who gave none."""
    return name or str(gettext("Visitor %(number)s", number=customer_id))


def status_name(status: str) -> str:
    """A case's status in words."""
    return str(gettext(_STATUS_NAMES[status]))


def agent_status(status: AgentStatus) -> str:
    """An agent's status in words; the desk's own ones have a name."""
    return str(gettext(_AGENT_STATUS_NAMES[status.kind])) if status.kind in _AGENT_STATUS_NAMES else status.name


def handling(how: str) -> str:
    """What an agent does with cases or chats in a status."""
    return str(gettext(_HANDLING_NAMES[how]))


def access_level(level: str) -> str:
    """An access level in a word."""
    return str(gettext(_ACCESS_NAMES[level]))


def family_name(family: str) -> str:
    """What a family of channels is called."""
    return str(gettext(_FAMILY_NAMES[family])) if family in _FAMILY_NAMES else family


def family_filter(family: str) -> str:
    """What the cases of a family of channels are called, all together."""
    return str(gettext("Live chats")) if family == "live_chat" else family_name(family)


def channel_title(kind: str) -> str:
    """What a kind of channel is called."""
    return str(gettext("Website chat") if kind == "widget" else KINDS[kind].title)


def detail_label(label: str) -> str:
    """What a channel knows about a customer, by name; a site's own fields keep the names that it gave them."""
    known = {
        "Page": gettext("Page"),
        "Language": gettext("Language"),
        "Time zone": gettext("Time zone"),
        "Last visit": gettext("Last visit"),
        "IP address": gettext("IP address"),
        "Chat language": gettext("Chat language"),
        "Browser": gettext("Browser"),
        "OS version": gettext("OS version"),
        "Location": gettext("Location"),
        "Chat in Chatra": gettext("Chat in Chatra"),
        "Pages": gettext("Pages"),
    }
    return str(known.get(label, label))


def fact_label(fact: Fact) -> str:
    """What something that a channel tells is called; what has no readable name there goes by its number."""
    return str(gettext("Custom field %(number)s", number=fact.number)) if fact.number else detail_label(fact.label)


def names_of_a_fresh_desk() -> desk.Names:
    """What is made at the first start, called in the desk's language."""
    return desk.Names(
        group=str(gettext("Support")), channel=str(gettext("Website chat")), widget=str(gettext("Website"))
    )


def file_size(size: int) -> str:
    """A file's size, given in bytes: in thousands and with one decimal at most, as the widget's thread.js says it."""
    if size < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size))
    kilobytes = (size + 50) // 100 / 10
    if kilobytes < 1000:
        return str(gettext("%(size)s kB", size=format_decimal(kilobytes)))
    return str(gettext("%(size)s MB", size=format_decimal((size + 50_000) // 100_000 / 10)))
