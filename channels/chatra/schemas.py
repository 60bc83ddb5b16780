"""What a Chatra delivery says, in every form that has been seen or must be expected (chatra.md §2.2). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from channels.base import Author, CustomerUpdate, Delivery, Echo, Fetch, Inbound, IncomingMessage, Rejected, made_up_ids
from channels.chatra.values import Json, first, moment, record, records, text
from channels.chatra.visitors import customer, group

OUR_NAME = "deskbell"
STARTED, FRAGMENT, TRANSCRIPT = "chatStarted", "chatFragment", "chatTranscript"
EVENTS = frozenset({STARTED, FRAGMENT, TRANSCRIPT})


@dataclass(frozen=True)
class Said:
    """One message of a delivery, whichever keys carried it. `at` is None where no time could be read."""

    id: str
    type: str
    text: str
    at: datetime | None
    ours: bool
    pushed: bool
    agent: str

    @property
    def identified(self) -> bool:
        """Whether the message can be told apart from its twin without knowing which delivery brought it."""
        return bool(self.id or self.at)


LONGEST_ID = 200
# A file that a visitor sends comes as a message with an id and no words (chatra.md §2.2): somebody should know of it.
NO_WORDS = "(A message without words, perhaps a file. Chatra does not pass files on: look there.)"


def kept_id(value: object) -> str:
    """Return the id of a message; none where it is longer than any that can be kept."""
    found = text(value)
    return found if len(found) <= LONGEST_ID else ""


def client_id(body: Json) -> str:
    """Return the id that every answer must be addressed to (chatra.md §1.3)."""
    return text(record(body.get("client")).get("id"))


def check(delivery: Delivery) -> None:
    """Raise `Rejected` unless the delivery names a known event and a client and carries something readable."""
    if not delivery.body:
        raise Rejected("The delivery is no JSON object, or an empty one.")
    event = text(delivery.body.get("eventName"))
    if not delivery.fetched and not event:
        raise Rejected("The delivery names no event: eventName is missing.")
    if not delivery.fetched and event not in EVENTS:
        raise Rejected(f"Chatra sends no event called {event[:40]!r}.")
    if not client_id(delivery.body):
        raise Rejected("The delivery names no client: client.id is missing.")
    if len(client_id(delivery.body)) > LONGEST_ID:
        raise Rejected("The client's id is longer than 200 characters.")
    # A chat may start without a message (chatra.md §2.2); its client alone is worth reading.
    if not delivery.fetched and event != STARTED and not _entries(delivery.body):
        raise Rejected("The delivery carries no message.")


def key(delivery: Delivery) -> str:
    """Return the hash of the raw body if that is enough to know a repetition by, else the delivery's own nonce.

    What a call of ours brought is never a repetition: a customer's data may change and change back.
    """
    spoken = said(delivery.body)
    if delivery.fetched or not spoken or not all(message.identified for message in spoken):
        return delivery.nonce
    return hashlib.sha256(delivery.raw).hexdigest()


def inbound(delivery: Delivery) -> list[Inbound]:
    """Translate a delivery: its messages in their order, and the wish to know the visitor who speaks.

    The wish comes with whatever a visitor says, because a call may fail; the desk leaves out what it need not ask. A
    transcript repeats a chat that is over: it wishes for no more than to have been told at all.
    """
    client = record(delivery.body.get("client"))
    if delivery.fetched:
        return [CustomerUpdate(client_id(delivery.body), customer(client), group(client, delivery.body), whole=True)]
    found: list[Inbound] = list(_messages(delivery, client))
    event, id = delivery.body.get("eventName"), client_id(delivery.body)
    if event == STARTED or any(_is_visitors(item) for item in found):
        found.append(Fetch(id, "client", id, once=event == TRANSCRIPT))
    return found


def said(body: Json) -> list[Said]:
    """Return all messages of a delivery, of whatever type."""
    names = {
        text(agent.get("id")): text(first(agent, "name", "displayedName")) for agent in records(body.get("agents"))
    }
    return [_said(entry, names) for entry in _entries(body)]


def _entries(body: Json) -> list[Json]:
    """Return the raw messages: a list, for a new chat perhaps a single object, perhaps both (chatra.md §2.2)."""
    listed = records(body.get("messages"))
    single = record(body.get("message"))
    if not single:
        return listed
    if body.get("eventName") == STARTED:
        single = {**single, "type": text(single.get("type")) or "client"}
    return listed if any(_same(single, other) for other in listed) else [single, *listed]


def _same(single: Json, other: Json) -> bool:
    keys = ("id",) if text(single.get("id")) else ("type",)
    return all(single.get(key) == other.get(key) for key in keys) and _words(single) in ("", _words(other))


def _words(entry: Json) -> str:
    """Return the text, which goes by either of two keys (chatra.md §2.2); both are read, `text` first."""
    return text(entry.get("text")) or text(entry.get("message"))


def _said(entry: Json, names: dict[str, str]) -> Said:
    return Said(
        id=kept_id(entry.get("id")),
        type=text(entry.get("type")),
        text=_words(entry),
        at=moment(entry.get("createdAt")) or moment(entry.get("timestamp")),
        ours=text(entry.get("receivedFrom")).strip().casefold() == OUR_NAME,
        pushed=entry.get("isPushed") is True,
        agent=text(entry.get("agentName")) or names.get(text(entry.get("agentId")), ""),
    )


def _messages(delivery: Delivery, client: Json) -> Iterator[IncomingMessage | Echo]:
    """Translate what people and bots said; system lines, unknown types and what is empty are left out."""
    seen: set[tuple[str, str]] = set()
    for place, message in enumerate(said(delivery.body)):
        external_id = _external_id(message, client, f"{delivery.nonce}#{place}")
        message = replace(message, text=_shown(message))
        words = (external_id, message.text.strip())
        if message.type not in ("client", "agent") or not message.text.strip() or words in seen:
            continue
        seen.add(words)
        yield _message(delivery, client, message, external_id)


def _shown(message: Said) -> str:
    """Return the words to show of a message: its own, or that a visitor's came without."""
    is_wordless = not message.text.strip() and message.type == "client" and message.identified
    return NO_WORDS if is_wordless else message.text


def _message(delivery: Delivery, client: Json, message: Said, external_id: str) -> IncomingMessage | Echo:
    conversation = client_id(delivery.body)
    if message.type == "agent" and message.ours:
        return Echo(conversation, external_id, message.text, message.at)
    return IncomingMessage(
        conversation=conversation,
        customer=customer(client),
        external_id=external_id,
        author=_author(message),
        text=message.text,
        said_at=message.at,
        author_name=message.agent if message.type == "agent" else "",
        group=group(client, delivery.body),
    )


def _is_visitors(item: Inbound) -> bool:
    return isinstance(item, IncomingMessage) and item.author is Author.CUSTOMER


def _author(message: Said) -> Author:
    if message.type == "client":
        return Author.CUSTOMER
    return Author.BOT if message.pushed else Author.AGENT


def _external_id(message: Said, client: Json, last_resort: str) -> str:
    """Return Chatra's id, else a hash of what identifies the message (chatra.md §2.3)."""
    if message.id:
        return message.id
    chat = text(client.get("chatId")) or text(client.get("id"))
    moment_or_place = message.at.isoformat() if message.at else last_resort
    parts = [chat, message.type, moment_or_place, message.text]
    made_of = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return made_up_ids(text(client.get("id"))) + made_of
