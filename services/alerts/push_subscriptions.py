"""The browsers that take Web Push: each belongs to an agent and to the sign-in that it was switched on in."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, exists, select, update

from extensions import db
from models import Agent, PushSubscription, SignIn
from services import clock
from services.errors import N_, InvalidInput
from services.uow import lock_stream, ring_after_commit, unit_of_work

MOST_PER_AGENT = 20
_LONGEST_ADDRESS = 2000
_POINT_BYTES, _SECRET_BYTES = 65, 16


@dataclass(frozen=True)
class Address:
    """Where a browser takes pushes and with which keys they are encrypted for it, as browsers name them (RFC 8291)."""

    endpoint: str
    p256dh: str
    auth: str


def check(address: Address) -> None:
    """Refuse what cannot be the address of a push service. Raises `InvalidInput`."""
    try:
        parts = urlsplit(address.endpoint)
        fits = len(address.endpoint) <= _LONGEST_ADDRESS and address.endpoint.isascii() and parts.port != 0
        point, secret = _raw(address.p256dh), _raw(address.auth)
    except ValueError:
        fits, point, secret = False, b"", b""
    is_address = fits and parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    if not (is_address and len(point) == _POINT_BYTES and point[0] == 4 and len(secret) == _SECRET_BYTES):
        raise InvalidInput("endpoint", N_("This is no address of a push service."))


def subscribe(agent_id: int, sign_in_id: int, address: Address, *, browser: str = "") -> None:
    """Let this browser take the agent's pushes, as long as its sign-in lasts; whoever had it before has it no more.

    Args:
        agent_id: whose pushes.
        sign_in_id: the browser's sign-in.
        address: where it takes them; that its host is a public one is checked by whoever asks, and again when sending.
        browser: what it calls itself.

    Raises:
        InvalidInput: what the browser has sent is no address of a push service.
    """
    check(address)
    with unit_of_work() as session:
        # All tabs that a browser restores may come at once.
        lock_stream(f"push:{_hash(address.endpoint)}")
        session.execute(delete(PushSubscription).where(_is_same(address.endpoint)))
        session.add(
            PushSubscription(
                agent_id=agent_id,
                sign_in_id=sign_in_id,
                endpoint_hash=_hash(address.endpoint),
                sealed_endpoint=address.endpoint,
                public_key=address.p256dh,
                sealed_secret=address.auth,
                browser=browser[:300],
                created_at=clock.now(),
            )
        )
        session.flush()
        _drop_beyond(agent_id)


def unsubscribe(agent_id: int, endpoint: str) -> None:
    """Leave this browser of the agent's alone from now on."""
    with unit_of_work() as session:
        theirs = PushSubscription.agent_id == agent_id
        session.execute(delete(PushSubscription).where(theirs, _is_same(endpoint)))


def try_out(agent_id: int, endpoint: str) -> None:
    """Have a push sent to one browser of the agent's, to see whether it comes.

    Raises:
        InvalidInput: it takes none.
    """
    theirs = select(PushSubscription.id).where(PushSubscription.agent_id == agent_id, _is_same(endpoint), is_live())
    subscription_id = db.session().scalar(theirs)
    if subscription_id is None:
        raise InvalidInput("endpoint", N_("This browser is not known to the desk. Switch it on again."))
    with unit_of_work():
        ring_after_commit("push", f"test:{subscription_id}")


def of(agent_id: int) -> list[PushSubscription]:
    """The agent's browsers that may be woken now."""
    query = select(PushSubscription).where(PushSubscription.agent_id == agent_id, is_live())
    return list(db.session().scalars(query.order_by(PushSubscription.id)))


def one(subscription_id: int) -> PushSubscription | None:
    """A browser that may be woken now."""
    return db.session().scalar(select(PushSubscription).where(PushSubscription.id == subscription_id, is_live()))


def is_live() -> ColumnElement[bool]:
    """The browsers whose sign-in lasts, of agents who may sign in."""
    signed_in = exists().where(SignIn.id == PushSubscription.sign_in_id, SignIn.ended_at.is_(None))
    active = exists().where(Agent.id == PushSubscription.agent_id, Agent.active)
    return signed_in & active


def note_reached(subscription_id: int) -> None:
    """The push service has taken something for this browser."""
    with unit_of_work() as session:
        reached = update(PushSubscription).where(PushSubscription.id == subscription_id)
        session.execute(reached.values(reached_at=clock.now()))


def forget(subscription_id: int) -> None:
    """The push service does not know this browser any more."""
    with unit_of_work() as session:
        session.execute(delete(PushSubscription).where(PushSubscription.id == subscription_id))


def _drop_beyond(agent_id: int) -> None:
    """Keep the newest browsers of an agent only."""
    theirs = select(PushSubscription.id).where(PushSubscription.agent_id == agent_id)
    old = db.session().scalars(theirs.order_by(PushSubscription.id.desc()).offset(MOST_PER_AGENT)).all()
    if old:
        db.session().execute(delete(PushSubscription).where(PushSubscription.id.in_(old)))


def _is_same(endpoint: str) -> ColumnElement[bool]:
    return PushSubscription.endpoint_hash == _hash(endpoint)


def _hash(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode("utf-8", "replace")).hexdigest()


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
