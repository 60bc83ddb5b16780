"""Customers: recognised by the id that a channel gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from channels.base import CustomerData
from extensions import db
from models import Channel, Customer, Identity
from services import clock
from services.exchange import channels
from services.sanitise import one_line

_LONGEST = {"name": 200, "email": 254, "phone": 50}
# No longer than the silence after which a vendor's chat is over, so that each new chat brings fresh data.
_FRESH = timedelta(minutes=10)


@dataclass(frozen=True)
class Recognised:
    """A customer, and whether this delivery told anything new about them."""

    customer: Customer
    identity: Identity
    changed: bool


def identity_of(channel: Channel, external_id: str) -> Identity | None:
    """How the channel knows this customer, if it has met them."""
    return db.session().scalar(
        select(Identity).where(Identity.channel_id == channel.id, Identity.external_id == external_id)
    )


def is_fresh(channel: Channel, external_id: str) -> bool:
    """Whether what the channel tells about this customer has come so lately that nobody need ask again."""
    known = identity_of(channel, external_id)
    return known is not None and known.refreshed_at is not None and clock.now() - known.refreshed_at < _FRESH


def note_fresh(channel: Channel, external_id: str) -> None:
    """The channel has told all that it knows about this customer. Runs in a unit of work."""
    known = identity_of(channel, external_id)
    if known is not None:
        known.refreshed_at = clock.now()


def recognise(channel: Channel, data: CustomerData) -> Recognised:
    """The customer of that id, made if unknown, with what the channel knows about them.

    Runs in a unit of work that holds the conversation's stream.
    """
    identity = identity_of(channel, data.external_id) or _met(channel, data.external_id)
    changed = _learn(identity, data)
    if changed and channels.capabilities(channel).own_socket:
        # Our own visitors are never asked about: what comes with their messages is all there is.
        identity.refreshed_at = clock.now()
    return Recognised(identity.customer, identity, changed)


def _met(channel: Channel, external_id: str) -> Identity:
    session = db.session()
    customer = Customer(created_at=clock.now())
    session.add(customer)
    session.flush()
    identity = Identity(channel_id=channel.id, external_id=external_id, customer_id=customer.id, details={})
    session.add(identity)
    session.flush()
    return identity


def _learn(identity: Identity, data: CustomerData) -> bool:
    customer, changed = identity.customer, False
    for field, longest in _LONGEST.items():
        value = one_line(getattr(data, field), longest=longest)
        if value and value != getattr(customer, field):
            setattr(customer, field, value)
            changed = True
    details = {**identity.details, **data.details}
    if details != identity.details:
        identity.details = details
        changed = True
    return changed
