"""What a Chatra client object says about the customer and where the case belongs (chatra.md §1.7, §6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from channels.base import UNNAMED, CustomerData
from channels.chatra.values import Json, first, moment, readable, record, records, text

# Chatra's keys for these are not established; the spellings are the likely ones.
_STANDARD = {
    "Last visit": ("lastVisit", "lastVisitAt", "lastSeen", "lastSeenAt"),
    "IP address": ("ip", "ipAddress"),
    "Chat language": ("language", "chatLanguage", "lang", "locale"),
    "Browser": ("browser",),
    "OS version": ("os", "osVersion"),
    "Location": ("location",),
}
_PLACE = ("city", "region", "country")
_LABELS = {"link": "Chat in Chatra", "pages": "Pages"}
_SOURCES = ("basicInfo", "info", "integrationData")
# Under which key the answers to a contact form's own fields stand is not established either.
_FORMS = ("customFields", "fields", "form", "contactForm")
_PERSON = frozenset({"name", "email", "phone", "notes"})
_NOT_SHOWN = frozenset({"id", "group", "agents", "displayedName", *_PERSON, *_SOURCES, *_FORMS, *_PLACE}).union(
    *_STANDARD.values()
)
_RANDOM = re.compile(r"[2-9A-HJ-NP-TW-Za-km-z]{17}")


def customer(client: Json) -> CustomerData:
    """Translate a client object into what the desk knows about a customer."""
    known = _known(client)
    return CustomerData(
        external_id=text(client.get("id")),
        name=known.get("name") or text(client.get("displayedName")).strip(),
        email=known.get("email") or readable(client.get("email")),
        phone=known.get("phone") or readable(client.get("phone")),
        details=_details(client, known),
    )


def group(client: Json, body: Json) -> str:
    """Return Chatra's id of the group; where a delivery carries it is not established, so all places are read."""
    places = (
        place
        for source in (client, body)
        for place in (source.get("groupId"), record(source.get("group")).get("id"), source.get("group"))
    )
    return next((found for found in (text(place).strip() for place in places) if found), "")


def _known(client: Json) -> dict[str, str]:
    """Merge the sources. An agent's edit (basicInfo) wins over what the page passed (integrationData)."""
    merged: dict[str, str] = {}
    for source in (*_SOURCES, *_FORMS):
        for label, value in _fields(client.get(source)):
            if shown := readable(value):
                merged.setdefault(label, shown)
    return merged


def _fields(source: object) -> Iterator[tuple[str, object]]:
    """Read fields with their labels: an object by key, or a list; each a value or an object that holds one."""
    for key, value in record(source).items():
        inside = record(value)
        name = text(key).strip()
        yield (_label(inside) or name, inside["value"]) if "value" in inside else (name, value)
    for field in records(source):
        yield _label(field) or text(field.get("id")).strip(), first(field, "value", "answer", "text")


def _label(field: Json) -> str:
    """Return the name that people gave a field: its Property key, else what the form calls it."""
    return text(first(field, "propertyKey", "property", "key", "label", "name", "title")).strip()


def _details(client: Json, known: dict[str, str]) -> dict[str, str]:
    details = {label: readable(first(client, *keys)) for label, keys in _STANDARD.items()}
    visited = moment(first(client, *_STANDARD["Last visit"]))
    details["Last visit"] = visited.isoformat(timespec="seconds") if visited else details["Last visit"]
    details["Location"] = details["Location"] or readable([client.get(key) for key in _PLACE])
    for label, shown in chain(_own(known), _unknown(client)):
        details[label] = details.get(label) or shown
    return {label: shown for label, shown in details.items() if shown}


def _own(known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Label a site's own fields by their Property key; one without has a random key, which nobody can read."""
    for key, shown in known.items():
        if key and key not in _PERSON:
            yield (UNNAMED + key if _RANDOM.fullmatch(key) else key), shown


def _unknown(client: Json) -> Iterator[tuple[str, str]]:
    """Show what Chatra tells beyond all that is known of it, but no ids: they mean nothing to people."""
    for key, value in client.items():
        label, shown = text(key).strip(), readable(value)
        is_id = label.endswith(("Id", "ID")) or _RANDOM.fullmatch(shown)
        if label and label not in _NOT_SHOWN and not is_id:
            yield (UNNAMED + label if _RANDOM.fullmatch(label) else _LABELS.get(label, label)), shown
