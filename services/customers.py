"""Customers: recognised by the id that a channel gives them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from channels.base import CustomerData
from extensions import db
from models import Channel, Customer, Identity

from . import clock
from .sanitise import one_line

_LONGEST = {"name": 200, "email": 254, "phone": 50}


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


def recognise(channel: Channel, data: CustomerData) -> Recognised:
    """The customer of that id, made if unknown, with what the channel knows about them.

    Runs in a unit of work that holds the conversation's stream.
    """
    identity = identity_of(channel, data.external_id) or _met(channel, data.external_id)
    changed = _learn(identity, data)
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
        identity.details, identity.refreshed_at = details, clock.now()
        changed = True
    return changed
