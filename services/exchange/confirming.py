"""Confirming: a vendor shows us what we have sent, sooner than its answer to our call, much later, or more than once.

It is known by the vendor's id. Where we have not got that, because a call was cut off or is still under way, it is
known by its words.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from channels.base import IncomingMessage
from extensions import db
from models import Message, OutboxItem, Verb
from services import clock
from services.conversations import messages
from services.uow import lock_case, lock_stream, unit_of_work

from . import owing
from .standing import AWAITING, FAILED, WITHDRAWN

# Of several that say the same, these are the last ones to have arrived.
_UNLIKELY = (FAILED, WITHDRAWN)


def confirm(channel_id: int, stream: str, external_id: str, text: str) -> None:
    """The vendor shows us our own message: it was delivered, whatever our call said (chatra.md §2.3)."""
    with unit_of_work():
        lock_stream(stream)
        if messages.known(channel_id, external_id=external_id) or _carrier(stream, external_id):
            return
        item = _said(_unnamed(stream), text)
        if item is not None:
            owing.arrive(item, external_id)


def recognise(stream: str, shown: IncomingMessage) -> bool:
    """Whether a message that nothing marks as ours is one that we have sent for the whole desk (chatra.md §1.5).

    If so, it was delivered. What agents have sent is marked by the vendor.
    """
    with unit_of_work():
        lock_stream(stream)
        if _carrier(stream, shown.external_id):
            return True
        item = _said([item for item in _unnamed(stream) if item.message.agent_id is None], shown.text)
        if item is not None:
            owing.arrive(item, shown.external_id)
        return item is not None


def name(item: OutboxItem, external_id: str) -> None:
    """The vendor's answer says by which id it knows what a call has sent: that is sure, words are not.

    Whatever took the id by its words gives it back, and gets the one that this call took by mistake. Part of a unit of
    work that has locked the stream.
    """
    carrier = _carrier(item.stream, external_id)
    if carrier is not None and carrier.id != item.id:
        _give_back(carrier)
    mistaken = item.external_id if item.external_id != external_id else ""
    if mistaken:
        _forget(item)
    owing.arrive(item, external_id)
    other = _said(_unnamed(item.stream), item.text) if mistaken else None
    if other is not None:
        owing.arrive(other, mistaken)


def _carrier(stream: str, external_id: str) -> OutboxItem | None:
    """What was sent under this id."""
    of_id = (OutboxItem.stream == stream, OutboxItem.external_id == external_id, OutboxItem.verb == Verb.SEND)
    return db.session().scalar(select(OutboxItem).where(*of_id).limit(1)) if external_id else None


def _unnamed(stream: str) -> list[OutboxItem]:
    """What was tried and has no id yet: what may have arrived first, each in the order of its sending."""
    tried = (OutboxItem.stream == stream, OutboxItem.external_id == "", OutboxItem.attempts > 0)
    query = select(OutboxItem).where(*tried, OutboxItem.verb == Verb.SEND).order_by(OutboxItem.id)
    return sorted(db.session().scalars(query), key=lambda item: item.state in _UNLIKELY)


def _said(items: Sequence[OutboxItem], text: str) -> OutboxItem | None:
    """The first of these that says what the vendor shows; files went out as links with their words."""
    for item in items:
        if all(public_id in text for public_id in item.files) if item.files else _words(item.text) == _words(text):
            return item
    return None


def _words(text: str) -> str:
    return " ".join(text.split())


def _give_back(item: OutboxItem) -> None:
    """It was not this one that arrived: its own echo may still come."""
    _forget(item)
    item.state, item.settled_at, item.next_at = AWAITING, None, clock.now() + owing.PATIENCE
    owing.show(lock_case(item.message.case_id), item.message)


def _forget(item: OutboxItem) -> None:
    message: Message = item.message
    if message.external_id == item.external_id:
        message.external_id = None
    item.external_id = ""
    # Before another one gets the id, of which there is one alone.
    db.session().flush()
