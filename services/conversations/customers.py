"""Customers: recognised by the id that a channel gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, select

from channels.base import CustomerData, Fetch
from extensions import db
from models import Case, Channel, Customer, Identity
from services import clock
from services.events import Work
from services.exchange import channels, routing
from services.sanitise import one_line

_STREAM = "identity:"
_LONGEST = {"name": 200, "email": 254, "phone": 50}
# No longer than the silence after which a vendor's chat is over, so that each new chat brings fresh data.
_FRESH = timedelta(minutes=10)
_LONGEST_LABEL, _LONGEST_VALUE, _MOST_DETAILS = 100, 1000, 100


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


def is_fresh(channel: Channel, external_id: str, *, however_old: bool = False) -> bool:
    """Whether what the channel tells about this customer has come so lately that nobody need ask again.

    It has not where a chat has begun since that might go to another group for it.

    Args:
        channel: the one that knows them.
        external_id: its id of the customer.
        however_old: once is enough, however long ago.
    """
    known = identity_of(channel, external_id)
    if known is None or known.refreshed_at is None or not (however_old or _is_fresh(known)):
        return False
    return not routing.has_begun_since(channel, known.customer_id, known.refreshed_at)


def freshen(channel: Channel, identity: Identity | None) -> None:
    """Have the vendor asked about a customer whose data is old. Nobody waits for the answer, and nothing is written."""
    if identity is not None and _may_be_asked(channel) and not _is_fresh(identity):
        Work(rings=[("fetch", f"{_STREAM}{identity.id}")]).announce()


def wanted(stream: str) -> tuple[int, Fetch] | None:
    """The call that such a ring asks for, and the channel that it goes to; None once the customer's data is fresh."""
    identity = db.session().get(Identity, int(stream.removeprefix(_STREAM)))
    if identity is None or _is_fresh(identity):
        return None
    same = and_(Case.channel_id == identity.channel_id, Case.customer_id == identity.customer_id)
    conversation = db.session().scalar(select(Case.conversation).where(same).order_by(Case.id.desc()).limit(1))
    return identity.channel_id, Fetch(conversation or "", "customer", identity.external_id)


def note_fresh(channel: Channel, external_id: str) -> None:
    """The channel has told all that it knows about this customer. Runs in a unit of work."""
    known = identity_of(channel, external_id)
    if known is not None:
        known.refreshed_at = clock.now()


def recognise(channel: Channel, data: CustomerData, *, whole: bool = False) -> Recognised:
    """The customer of that id, made if unknown, with what the channel knows about them.

    Runs in a unit of work that holds the conversation's stream.

    Args:
        channel: the one that knows them.
        data: what it tells.
        whole: that is all it knows; details which are missing are known no more.
    """
    identity = identity_of(channel, data.external_id) or _met(channel, data.external_id)
    changed = _learn(identity, data, whole=whole)
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


def _is_fresh(identity: Identity) -> bool:
    return identity.refreshed_at is not None and clock.now() - identity.refreshed_at < _FRESH


def _may_be_asked(channel: Channel) -> bool:
    """Our own visitors tell all there is by themselves; a channel that is off is left alone."""
    is_on = channel.state != "off" and channel.disconnected_at is None
    return is_on and not channels.capabilities(channel).own_socket


def _learn(identity: Identity, data: CustomerData, *, whole: bool) -> bool:
    customer, changed = identity.customer, False
    for field, longest in _LONGEST.items():
        value = one_line(getattr(data, field), longest=longest)
        if value and value != getattr(customer, field):
            setattr(customer, field, value)
            changed = True
    told = {_short(key, _LONGEST_LABEL): _short(value, _LONGEST_VALUE) for key, value in data.details.items()}
    details = dict(list((told if whole else identity.details | told).items())[:_MOST_DETAILS])
    if details != identity.details:
        identity.details = details
        changed = True
    return changed


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
