"""What a Chatra client object says about the customer and where the case belongs (chatra.md §1.7, §6)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

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
SOURCES = ("basicInfo", "info", "integrationData")
# Under which key the answers to a contact form's own fields stand is not established either.
FORMS = ("customFields", "fields", "form", "contactForm")
PERSON = frozenset({"name", "email", "phone", "notes"})
_NOT_SHOWN = frozenset({"id", "group", "agents", "displayedName", *PERSON, *SOURCES, *FORMS, *_PLACE}).union(
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
    for source in (*SOURCES, *FORMS):
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
    for place, field in enumerate(records(source), start=1):
        name = _label(field) or text(first(field, "id", "_id")).strip()
        yield name or f"{UNNAMED}{place}", first(field, "value", "answer", "text")


def _label(field: Json) -> str:
    """Return the name that people gave a field: its Property key, else what the form calls it."""
    return text(first(field, "propertyKey", "property", "key", "label", "name", "title")).strip()


def _details(client: Json, known: dict[str, str]) -> dict[str, str]:
    details = {label: readable(first(client, *keys)) for label, keys in _STANDARD.items()}
    visited = moment(first(client, *_STANDARD["Last visit"]))
    details["Last visit"] = visited.isoformat(timespec="seconds") if visited else details["Last visit"]
    details["Location"] = details["Location"] or readable([client.get(key) for key in _PLACE])
    standard = {label: shown for label, shown in details.items() if shown}
    everything = details | dict(_own(known)) | dict(_unknown(client)) | standard
    return {label: shown for label, shown in everything.items() if shown}


def _own(known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Label a site's own fields by their Property key; one without has a random key, which nobody can read.

    Any visitor may make them up: what stands under a label of ours is known to come from Chatra.
    """
    for key, shown in known.items():
        label = " ".join(key.split())
        if _RANDOM.fullmatch(label):
            yield UNNAMED + label, shown
        elif _as_it_looks(label) in _OURS:
            yield f"{label} (site)", shown
        elif label and label not in PERSON:
            yield label, shown


def _as_it_looks(label: str) -> str:
    """What is left of a label for the eye: its letters and digits, large or small, of whatever width."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", label).casefold() if letter.isalnum())


_OURS = frozenset(map(_as_it_looks, (*_STANDARD, *_LABELS.values())))


def _unknown(client: Json) -> Iterator[tuple[str, str]]:
    """Show what Chatra tells beyond all that is known of it, but no ids: they mean nothing to people."""
    for key, value in client.items():
        label, shown = text(key).strip(), readable(value)
        is_id = label.endswith(("Id", "ID")) or _RANDOM.fullmatch(shown)
        if label and label not in _NOT_SHOWN and not is_id:
            yield (UNNAMED + label if _RANDOM.fullmatch(label) else _LABELS.get(label, label)), shown
