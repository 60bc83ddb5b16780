"""What a Chatra client object says about the customer and where the case belongs (chatra.md §1.7, §6)."""

from __future__ import annotations

import re

from channels.base import CustomerData
from channels.chatra.values import Json, first, moment, readable, record, text

# Chatra's keys for these are not established; the spellings are the likely ones.
_VISIT = ("lastVisit", "lastVisitAt", "lastSeen", "lastSeenAt")
_STANDARD = {
    "IP address": ("ip", "ipAddress"),
    "Chat language": ("language", "chatLanguage", "lang", "locale"),
    "Browser": ("browser",),
    "OS version": ("os", "osVersion"),
    "Location": ("location",),
}
_PLACE = ("city", "region", "country")
_PERSON = frozenset({"name", "email", "phone", "notes"})
_RANDOM_KEY = re.compile(r"[2-9A-HJ-NP-TW-Za-km-z]{17}")


def customer(client: Json) -> CustomerData:
    """Translate a client object into what the desk knows about a customer."""
    known = _known(client)
    return CustomerData(
        external_id=text(client.get("id")),
        name=known.get("name") or text(client.get("displayedName")).strip(),
        email=known.get("email", ""),
        phone=known.get("phone", ""),
        details=_details(client, known),
    )


def group(client: Json, body: Json) -> str:
    """Return Chatra's id of the group; where a delivery carries it is not established, so all places are read."""
    nested = record(client.get("group")).get("id")
    plain = client.get("group")
    places = (client.get("groupId"), nested, plain, body.get("groupId"))
    return next((found for found in map(text, places) if found), "")


def _known(client: Json) -> dict[str, str]:
    """Merge the three sources. An agent's edit (basicInfo) wins over what the page passed (integrationData)."""
    merged: dict[str, str] = {}
    for source in ("basicInfo", "info", "integrationData"):
        for key, value in record(client.get(source)).items():
            if shown := readable(value):
                merged.setdefault(text(key).strip(), shown)
    return merged


def _details(client: Json, known: dict[str, str]) -> dict[str, str]:
    details = {"Last visit": _last_visit(client)}
    details |= {label: readable(first(client, *keys)) for label, keys in _STANDARD.items()}
    details["Location"] = details["Location"] or readable([client.get(key) for key in _PLACE])
    details = {label: shown for label, shown in details.items() if shown}
    for label, shown in _custom(known).items():
        details.setdefault(label, shown)
    return details


def _last_visit(client: Json) -> str:
    value = first(client, *_VISIT)
    visited = moment(value)
    return f"{visited:%Y-%m-%d %H:%M} UTC" if visited else readable(value)


def _custom(known: dict[str, str]) -> dict[str, str]:
    """Label a site's own fields by their Property key; a field without one has a random key, which nobody can read."""
    own = {key: shown for key, shown in known.items() if key and key not in _PERSON}
    random = sorted(key for key in own if _RANDOM_KEY.fullmatch(key))
    named = {key: shown for key, shown in own.items() if key not in random}
    return named | {f"Custom field {place}": own[key] for place, key in enumerate(random, start=1)}
