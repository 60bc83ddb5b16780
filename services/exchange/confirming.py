"""Confirming: a vendor shows us what we have sent, sooner than its answer to our call, much later, or more than once.

It is known by the vendor's id. Where we have not got that, because a call was cut off or is still under way, it is
known by its words. What is shown without an id proves no more than that there is one such message: a call that surely
arrived and was not shown yet has the first claim to it, and only what is left over settles one of which nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from channels.base import Author, IncomingMessage, is_made_up
from extensions import db
from models import Message, OutboxItem, Verb
from services import clock
from services.conversations import messages
from services.uow import lock_case, lock_stream, unit_of_work

from . import owing
from .standing import AWAITING, DONE, FAILED, WITHDRAWN

# How far the vendor's clock may be from ours.
_AROUND = timedelta(minutes=15)
# Of several that say the same, these are the last ones to have arrived.
_UNLIKELY = (FAILED, WITHDRAWN)


def confirm(channel_id: int, stream: str, external_id: str, text: str, said_at: datetime | None = None) -> None:
    """The vendor shows us our own message: it was delivered, whatever our call said (chatra.md §2.3).

    Args:
        channel_id: where.
        stream: its conversation's.
        external_id: the vendor's id of it, or one that was made up.
        text: its words.
        said_at: the vendor's time of it, None where it told none.
    """
    with unit_of_work():
        lock_stream(stream)
        if messages.known(channel_id, external_id=external_id) or _carrier(stream, external_id):
            return
        item = _said(_possible(stream, external_id, said_at), text)
        if item is not None:
            _show(item, external_id, said_at)


def recognise(stream: str, shown: IncomingMessage) -> bool:
    """Whether a message that nothing marks as ours is one that we have sent all the same.

    What was pushed is never marked (chatra.md §1.5), what an agent has sent is, as far as anybody knows. So it has to
    be of the time of a call that was not refused. If it is, it was delivered.
    """
    with unit_of_work():
        lock_stream(stream)
        if _carrier(stream, shown.external_id):
            return True
        said_at = shown.said_at or clock.now()
        may_be = [item for item in _possible(stream, shown.external_id, said_at) if _may_look_like(item, shown.author)]
        item = _said(may_be, shown.text)
        if item is not None:
            _show(item, shown.external_id, shown.said_at)
        return item is not None


def name(item: OutboxItem, external_id: str) -> None:
    """The vendor's answer says by which id it knows what a call has sent: that is sure, words are not.

    Whatever took the id, or was settled, by the words of this call gives that back, and gets the id that this call took
    by mistake. Part of a unit of work that has locked the stream.
    """
    carrier = _carrier(item.stream, external_id) or _settled_instead(item)
    if carrier is not None and carrier.id != item.id:
        _give_back(carrier, item)
    mistaken = item.external_id if item.external_id != external_id else ""
    if mistaken:
        _forget(item)
    owing.arrive(item, external_id)
    other = _said(_possible(item.stream, mistaken, None), item.text) if mistaken else None
    if other is not None:
        owing.arrive(other, mistaken)


def _show(item: OutboxItem, external_id: str, said_at: datetime | None) -> None:
    """Note that the vendor has shown what a call sent. Only the vendor's own id says more than that it has arrived."""
    if not is_made_up(external_id):
        owing.arrive(item, external_id)
        return
    # Without a time another id is made up for it whenever it is shown: nothing is known again by that.
    item.shown_as = external_id if said_at is not None else ""
    if item.state != DONE:
        owing.arrive(item)


def _carrier(stream: str, external_id: str) -> OutboxItem | None:
    """What was sent and shown under this id."""
    if not external_id:
        return None
    of_id = (OutboxItem.stream == stream, _id_column(external_id) == external_id, OutboxItem.verb == Verb.SEND)
    return db.session().scalar(select(OutboxItem).where(*of_id).limit(1))


def _possible(stream: str, external_id: str, said_at: datetime | None) -> list[OutboxItem]:
    """What was tried and was not shown under such an id: what is there first, then what may be, as it was sent.

    Args:
        stream: the conversation's.
        external_id: what is shown now.
        said_at: when it was said; None for whenever.
    """
    tried = [OutboxItem.stream == stream, OutboxItem.verb == Verb.SEND, OutboxItem.attempts > 0]
    if said_at is not None:
        tried += [OutboxItem.created_at <= said_at + _AROUND, OutboxItem.claimed_at >= said_at - _AROUND]
    query = select(OutboxItem).where(*tried, _id_column(external_id) == "").order_by(OutboxItem.id)
    return sorted(db.session().scalars(query), key=lambda item: (item.state in _UNLIKELY, item.state != DONE))


def _id_column(external_id: str) -> InstrumentedAttribute[str]:
    return OutboxItem.shown_as if is_made_up(external_id) else OutboxItem.external_id


def _may_look_like(item: OutboxItem, author: Author) -> bool:
    """Whether a call may be shown as said by such an author; one that was refused is not shown at all."""
    return item.state not in _UNLIKELY and (author != Author.BOT or item.message.agent_id is None)


def _said(items: Sequence[OutboxItem], text: str) -> OutboxItem | None:
    """The first of these that says what the vendor shows; files went out as links with their words."""
    for item in items:
        if all(public_id in text for public_id in item.files) if item.files else _words(item.text) == _words(text):
            return item
    return None


def _words(text: str) -> str:
    return " ".join(text.split())


def _settled_instead(item: OutboxItem) -> OutboxItem | None:
    """What was settled since a call began, by words that both say, shown without an id: that was this call, perhaps."""
    if item.state == DONE:
        return None
    since = (OutboxItem.settled_at >= item.claimed_at, OutboxItem.state == DONE, OutboxItem.id != item.id)
    unnamed = (OutboxItem.stream == item.stream, OutboxItem.verb == Verb.SEND, OutboxItem.external_id == "")
    found = db.session().scalars(select(OutboxItem).where(*unnamed, *since).order_by(OutboxItem.id))
    said = (_words(item.text), item.files)
    return next((other for other in found if (_words(other.text), other.files) == said), None)


def _give_back(carrier: OutboxItem, item: OutboxItem) -> None:
    """It was not the carrier that was shown, but this one: unless it was sure before, its own echo may still come."""
    _forget(carrier)
    if carrier.settled_at is None or item.claimed_at is None or carrier.settled_at >= item.claimed_at:
        carrier.state, carrier.settled_at, carrier.next_at = AWAITING, None, clock.now() + owing.PATIENCE
        item.shown_as, carrier.shown_as = carrier.shown_as or item.shown_as, ""
    owing.show(lock_case(carrier.message.case_id), carrier.message)


def _forget(item: OutboxItem) -> None:
    message: Message = item.message
    if message.external_id == item.external_id:
        message.external_id = None
    item.external_id = ""
    # Before another one gets the id, of which there is one alone.
    db.session().flush()
