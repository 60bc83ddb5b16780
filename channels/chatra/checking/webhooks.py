"""What the webhooks that have come so far settle (chatra.md §2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from channels.base import Delivery, Rejected
from channels.chatra import schemas
from channels.chatra.values import Json, moment, record, records, text
from channels.chatra.visitors import group
from channels.checking import Point, settled, unsettled

_KNOWN_TYPES = {"client", "agent", "system"}
_READ = {
    *("id", "type", "text", "message", "createdAt", "timestamp", "receivedFrom", "isPushed", "agentId", "agentName"),
    *("clientId", "chatId"),
}


def so_far(deliveries: Sequence[Delivery]) -> Iterator[Point]:
    """Tell of each event and of what stood in it."""
    yield _refused(deliveries)
    for event in sorted(schemas.EVENTS):
        count = sum(text(delivery.body.get("eventName")) == event for delivery in deliveries)
        if count:
            yield settled("§2.1", event, f"came {count} times", agrees=True)
        else:
            yield unsettled("§2.1", event, "none has come")
    yield _form_of_started(deliveries)
    said = [entry for delivery in deliveries for entry in entries(delivery.body)]
    yield _counted("§2.2", "key of a message's text", said, _text_key, bad=())
    yield _counted("§2.2", "key and form of a message's time", said, _time_key, bad=("not readable",))
    yield _counted("§2.2", "types of messages", said, _type, bad={_type(entry) for entry in said} - _KNOWN_TYPES)
    yield _counted("§2.2", "id of a message", said, lambda entry: "id" if entry.get("id") else "none", bad=())
    yield _unread(said)
    yield _agents(deliveries)
    yield _group(deliveries)


def entries(body: Json) -> list[Json]:
    """All raw messages of a webhook."""
    single = record(body.get("message"))
    return [*([single] if single else []), *records(body.get("messages"))]


def _refused(deliveries: Sequence[Delivery]) -> Point:
    reasons = Counter(reason for delivery in deliveries if (reason := _refusal(delivery)))
    if not deliveries:
        return unsettled("§2.1", "webhooks that Deskbell can use", "none has come yet")
    shown = ", ".join(f"{count} times: {reason}" for reason, count in reasons.most_common(3))
    return settled(
        "§2.1", "webhooks that Deskbell can use", shown or f"all {len(deliveries)} latest ones", agrees=not reasons
    )


def _refusal(delivery: Delivery) -> str:
    try:
        schemas.check(delivery)
    except Rejected as error:
        return str(error)
    return ""


def _form_of_started(deliveries: Sequence[Delivery]) -> Point:
    bodies = [delivery.body for delivery in deliveries if delivery.body.get("eventName") == schemas.STARTED]
    return _counted("§2.2", "where chatStarted has its message", bodies, _form, bad=())


def _form(body: Json) -> str:
    found = [key for key in ("message", "messages") if body.get(key)]
    return " and ".join(found) or "none"


def _text_key(entry: Json) -> str:
    return " and ".join(key for key in ("text", "message") if text(entry.get(key)).strip()) or "neither: empty"


def _time_key(entry: Json) -> str:
    found = [f"{key} ({type(entry[key]).__name__})" for key in ("createdAt", "timestamp") if moment(entry.get(key))]
    return " and ".join(found) or "not readable"


def _type(entry: Json) -> str:
    return text(entry.get("type"))[:40] or "none"


def _unread(said: Sequence[Json]) -> Point:
    """Other keys of a message: a file that a visitor sent would stand under one of them."""
    asked = "keys of a message that Deskbell does not read"
    if not said:
        return unsettled("§2.2", asked, "no message has come")
    left = sorted({key for entry in said for key in entry} - _READ)
    return unsettled("§2.2", asked, ", ".join(left)) if left else settled("§2.2", asked, "none", agrees=True)


def _agents(deliveries: Sequence[Delivery]) -> Point:
    found = {key for delivery in deliveries for agent in records(delivery.body.get("agents")) for key in agent}
    if not found:
        return unsettled("§2.2", "keys of an agent", "no webhook has named an agent")
    return settled("§2.2", "keys of an agent", ", ".join(sorted(found)), agrees="id" in found)


def _group(deliveries: Sequence[Delivery]) -> Point:
    """Where the group's id stands; the adapter is asked whether it finds it there."""
    asked = "where webhooks carry the group"
    read, lost = set[str](), set[str]()
    for delivery in deliveries:
        for place, value in _grouped(delivery.body):
            client, body = ({place[7:]: value}, {}) if place.startswith("client.") else ({}, {place: value})
            (read if group(client, body) else lost).add(place)
    if read:
        return settled("§6", asked, ", ".join(sorted(read)), agrees=True)
    if lost:
        return settled("§6", asked, f"perhaps {', '.join(sorted(lost))}, which Deskbell does not read", agrees=False)
    return unsettled("§6", asked, "none carried one: write from a page with a group's id")


def _grouped(body: Json) -> Iterator[tuple[str, object]]:
    for before, part in (("", body), ("client.", record(body.get("client")))):
        yield from ((before + key, value) for key, value in part.items() if "group" in key.lower() and value)


def _counted(
    section: str, asked: str, found: Sequence[Json], word: Callable[[Json], str], *, bad: Iterable[str]
) -> Point:
    """How often each form came; a form in `bad` is one that the adapter cannot use."""
    if not found:
        return unsettled(section, asked, "none has come")
    counts = Counter(word(entry) for entry in found)
    shown = ", ".join(f"{form} ({count})" for form, count in counts.most_common(6))
    return settled(section, asked, shown, agrees=not set(bad) & set(counts))
