"""The audit log in words: what stands in its entries is what the database calls things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from blueprints.wording import access_level, family_name, handling
from models import AuditEntry
from services import audit
from services.audit_log import Names
from services.errors import N_

NOTHING = "–"
KINDS = {
    "agent": N_("Agent"),
    "channel": N_("Integration"),
    "group": N_("Group"),
    "invitation": N_("Invitation"),
    "role": N_("Role"),
    "setting": N_("Setting"),
    "status": N_("Agents' status"),
    "widget": N_("Website widget"),
}
FIELDS = {
    "active": N_("Active"),
    "allowed_sites": N_("Allowed sites"),
    "answer_seconds": N_("Seconds to answer"),
    "avatar": N_("Picture"),
    "capacity": N_("Chats at once"),
    "cases": N_("Cases"),
    "chats": N_("Active chats"),
    "chats_at_once": N_("Chats at once"),
    "colour": N_("Colour"),
    "created": N_("Added"),
    "daily_minutes": N_("Minutes a day"),
    "deleted": N_("Deleted"),
    "deleted_at": N_("Deleted"),
    "disconnected_at": N_("Disconnected"),
    "distribution": N_("Distribution"),
    "email": N_("E-mail"),
    "expires_at": N_("Expires"),
    "from_name": N_("Name for customers"),
    "group_id": N_("Group"),
    "heir_id": N_("Who takes over"),
    "hook_hash": N_("Webhook address"),
    "is_admin": N_("Administrator"),
    "level": N_("Access"),
    "may_postpone": N_("Offer to postpone"),
    "name": N_("Name"),
    "offline_after_seconds": N_("Seconds until an agent counts as away"),
    "panel": N_("Panel for displaying data"),
    "panel_agents": N_("Agents who see the data"),
    "panel_groups": N_("Groups that see the data"),
    "password": N_("Password"),
    "password_link": N_("Link for a new password"),
    "recovery_codes": N_("Recovery codes"),
    "replacement_id": N_("Which group takes over"),
    "returns": N_("Returns with the connection"),
    "role_id": N_("Role"),
    "routes": N_("Groups by the vendor's group"),
    "sealed_credentials": N_("Keys"),
    "sign_ins": N_("Browsers that are signed in"),
    "signature": N_("Signature"),
    "state": N_("State"),
    "silence_minutes": N_("Silent minutes until the end"),
    "title": N_("Title"),
    "two_factor": N_("Two-factor sign-in"),
    "value": N_("Value"),
    "warning_minutes": N_("Minutes of warning"),
    "when_away": N_("While nobody is there"),
}
SETTINGS = {"chats": N_("Chats")}
VALUES = {
    "distribution": {"none": N_("By hand"), "round_robin": N_("In turn"), "least_busy": N_("To the least busy")},
    "panel": {"separate": N_("Separate one"), "informational": N_("Along with user data")},
    "state": {"connected": N_("Connected"), "off": N_("Off"), "broken": N_("Needs attention")},
    "when_away": {"form": N_("Form"), "hide": N_("Hidden"), "always": N_("Chat")},
}
_OTHERS = {
    audit.SYSTEM: N_("The desk itself"),
    audit.NOBODY: N_("Somebody with a link"),
    audit.COMMAND_LINE: N_("Command line"),
}


@dataclass(frozen=True)
class Line:
    """One entry as it is shown.

    `whole` tells what a thing is like that has come or gone; of what is veiled only that there was a change.
    """

    at: datetime
    who: str
    kind: str
    what: str
    field: str
    before: str
    after: str
    whole: str
    is_veiled: bool


def lines(entries: list[AuditEntry], names: Names) -> list[Line]:
    """Entries in the reader's language; ids by the names that things have now."""
    return [_line(entry, names) for entry in entries]


def actor(by: str) -> str:
    """Who made a change: an agent's name, or words for who is no agent."""
    return str(gettext(_OTHERS[by])) if by in _OTHERS else by


def kind_name(kind: str) -> str:
    """What kind of thing was changed."""
    return str(gettext(KINDS[kind])) if kind in KINDS else kind


def _line(entry: AuditEntry, names: Names) -> Line:
    before, after = (_words(entry.field, value, names) for value in (entry.before, entry.after))
    what = str(gettext(SETTINGS[entry.what])) if entry.kind == "setting" and entry.what in SETTINGS else entry.what
    return Line(
        at=entry.created_at,
        who=entry.by if entry.agent_id else actor(entry.by),
        kind=kind_name(entry.kind),
        what=what,
        field=_label(entry.field),
        before=before,
        after=after,
        whole={audit.CREATED: after, audit.DELETED: before}.get(entry.field, ""),
        is_veiled=entry.before is None and entry.after is None,
    )


def _label(field: str) -> str:
    return str(gettext(FIELDS[field])) if field in FIELDS else field.replace("_", " ")


def _words(field: str, value: Any, names: Names) -> str:  # noqa: ANN401  JSON values
    if value in (None, "", [], {}):
        return NOTHING
    match value:
        case bool():
            return str(gettext("Yes") if value else gettext("No"))
        case list():
            return ", ".join(_words(field, one, names) for one in value)
        case dict() if field == "level":
            return _level(value, names)
        case dict() if field == "routes":
            return "; ".join(f"{vendors} → {_name(names.groups, ours)}" for vendors, ours in value.items())
        case dict():
            return "; ".join(f"{_label(name)}: {_words(name, one, names)}" for name, one in value.items())
        case _:
            return _SPECIAL[field](value, names) if field in _SPECIAL else _plain(field, value)


def _plain(field: str, value: Any) -> str:  # noqa: ANN401
    known = VALUES.get(field, {})
    return str(gettext(known[value])) if value in known else str(value)


def _level(level: dict[str, Any], names: Names) -> str:
    """Such as "By groups: Sales, Support (without Live chat)"."""
    groups = [_name(names.groups, int(id)) + _without(off) for id, off in level.get("groups", {}).items()]
    said = access_level(level.get("access", "full"))
    return (f"{said}: {', '.join(groups)}" if groups else said) + _without(level.get("without", []))


def _without(families: list[str]) -> str:
    if not families:
        return ""
    return " (" + str(gettext("without %(channels)s", channels=", ".join(map(family_name, families)))) + ")"


def _name(known: Any, id: int) -> str:  # noqa: ANN401
    return str(known.get(id, f"#{id}"))


def _moment(value: str, _names: Names) -> str:
    return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M} UTC"


_SPECIAL: dict[str, Callable[[Any, Names], str]] = {
    "cases": lambda value, _: handling(value),
    "chats": lambda value, _: handling(value),
    "deleted_at": _moment,
    "disconnected_at": _moment,
    "expires_at": _moment,
    "group_id": lambda value, names: _name(names.groups, value),
    "heir_id": lambda value, names: _name(names.agents, value),
    "panel_agents": lambda value, names: _name(names.agents, value),
    "panel_groups": lambda value, names: _name(names.groups, value),
    "replacement_id": lambda value, names: _name(names.groups, value),
    "role_id": lambda value, names: _name(names.roles, value),
}
