"""Whether a message that comes under a known id is the one that we have, or another that must not get lost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from channels.base import Author, IncomingMessage
from extensions import db
from models import Case, Channel, Delivery, Message

from . import customers, messages, nameless

# No vendor is known to cut texts (chatra.md §1.4 has 5000 as the only length that anybody enforces); shorter
# beginnings are other words.
SHORTEST_CUT = 500


@dataclass(frozen=True)
class Standing:
    """What we have of an incoming message. `known` is it, if we have it; else it is kept under `external_id`."""

    known: Message | None = None
    external_id: str | None = None
    variant: bool = False


def judge(channel: Channel, incoming: IncomingMessage, text: str) -> Standing:
    """Compare what came under a vendor's id with what is known under it.

    Who speaks and the words decide. The vendor's own transcripts may differ in white space and cut long texts; an
    agent's words may be edited there (chatra.md §1.3). Other words are a message of their own, under an id made from
    them, so that the next delivery of them is known again.

    Args:
        channel: where it came in.
        incoming: what came.
        text: its words, cleaned.
    """
    if not incoming.external_id:
        return Standing()
    first = messages.known(channel.id, external_id=incoming.external_id)
    if first is None:
        twin = nameless.twin(channel, incoming, lambda known: says_the_same(known, text))
        return Standing(known=twin, external_id=incoming.external_id)
    if _is_ours(first, incoming) or (_is_by_the_same(first, channel, incoming) and says_the_same(first.text, text)):
        return Standing(known=first)
    variant_id = _variant_id(incoming, text)
    return Standing(messages.known(channel.id, external_id=variant_id), variant_id, variant=True)


def says_the_same(known: str, came: str) -> bool:
    """Whether a text brings nothing new: the same words, or a long beginning of them as a vendor cuts it."""
    known, came = _words(known), _words(came)
    beginning = came.removesuffix("…").removesuffix("...").rstrip()
    return came == known or (len(beginning) >= SHORTEST_CUT and known.startswith(beginning))


def _words(text: str) -> str:
    return " ".join(text.split())


def _is_ours(first: Message, incoming: IncomingMessage) -> bool:
    """What we have sent, shown to us: that stands, however the vendor words it."""
    return first.delivery != Delivery.NONE and incoming.author != Author.CUSTOMER


def _is_by_the_same(first: Message, channel: Channel, incoming: IncomingMessage) -> bool:
    """Whether both are of one conversation and one side. A vendor may not say each time that a bot spoke."""
    identity = customers.identity_of(channel, incoming.customer.external_id)
    case = db.session().get_one(Case, first.case_id)
    same_side = (first.author == Author.CUSTOMER) == (incoming.author == Author.CUSTOMER)
    return same_side and identity is not None and identity.customer_id == case.customer_id


def _variant_id(incoming: IncomingMessage, text: str) -> str:
    by_customer = incoming.author == Author.CUSTOMER
    said = json.dumps([incoming.external_id, incoming.conversation, by_customer, _words(text)])
    return f"{incoming.external_id[:100]}~{hashlib.sha256(said.encode()).hexdigest()}"
