"""The outbox: what is owed to a vendor is claimed in the order of its stream, and its outcome noted once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, literal, select
from sqlalchemy.orm import aliased

from channels.base import Change, ChannelError, Outbound, Receipt
from extensions import db
from models import Agent, Case, Channel, InboxItem, OutboxItem, Verb
from services import clock
from services.uow import lock_case, lock_stream, unit_of_work

from . import breaker, channels, confirming, owing
from .confirming import confirm as confirm
from .owing import owe as owe
from .owing import send_again as send_again
from .standing import AWAITING as AWAITING
from .standing import DONE as DONE
from .standing import FAILED as FAILED
from .standing import READY as READY
from .standing import SENDING as SENDING
from .standing import UNKNOWN as UNKNOWN
from .standing import WITHDRAWN as WITHDRAWN

# Tries while the vendor takes other calls; while it takes none, only time counts.
MOST_ATTEMPTS = 12
LONGEST = timedelta(hours=24)
_LEASE = timedelta(seconds=60)
_LONGEST_WAIT = 300.0
_MOST = 500
# Of a delivery. The inbox says the same; it needs this module.
_NOT_APPLIED = literal("pending", literal_execute=True)
# What waits for an echo lets pass what stands behind it.
_OWED: ColumnElement[bool] = and_(OutboxItem.settled_at.is_(None), OutboxItem.state != AWAITING)
# A part before it may not have arrived: the customer would read them in the wrong order.
_BEFORE = aliased(OutboxItem)
_IS_HELD: ColumnElement[bool] = and_(
    OutboxItem.verb == Verb.SEND,
    OutboxItem.part > 0,
    exists().where(
        _BEFORE.message_id == OutboxItem.message_id, _BEFORE.part < OutboxItem.part, _BEFORE.state == AWAITING
    ),
)


def claim(stream: str) -> OutboxItem | None:
    """Take the stream's oldest owed item for sending.

    None if its time has not come, somebody is sending before it, or the channel pauses.
    """
    with unit_of_work() as session:
        lock_stream(stream)
        query = select(OutboxItem).where(_OWED, OutboxItem.stream == stream)
        item = session.scalar(query.order_by(OutboxItem.id).limit(1))
        if item is None or item.state == SENDING or item.next_at > clock.now() or _is_held(item):
            return None
        if not breaker.admit(item.channel_id):
            return None
        item.state, item.claimed_at = SENDING, clock.now()
        item.attempts += 1
        return item


def outbound(item: OutboxItem) -> Outbound:
    """What is to be sent, as its adapter takes it, without files."""
    message = item.message
    case = db.session().get_one(Case, message.case_id)
    if message.agent_id is None:
        return Outbound(case.conversation, item.text)
    agent = db.session().get_one(Agent, message.agent_id)
    return Outbound(case.conversation, item.text, agent.name, agent.email)


def change(item: OutboxItem) -> Change:
    """What is to be edited or deleted, as its adapter takes it, without files.

    Raises:
        ChannelError: the vendor never told by which id it knows the message.
    """
    message = item.message
    case = db.session().get_one(Case, message.case_id)
    external_id = item.external_id or _id_of_part(item)
    if not external_id:
        raise ChannelError("It is not known under which id the vendor keeps this message.", permanent=True)
    return Change(case.conversation, external_id, item.text, by_agent=message.agent_id is not None)


def settle(item_id: int, receipt: Receipt) -> None:
    """The vendor has it."""
    with unit_of_work() as session:
        item = session.get_one(OutboxItem, item_id)
        lock_stream(item.stream)
        session.refresh(item)
        if item.verb == Verb.SEND and receipt.external_id not in ("", item.external_id):
            confirming.name(item, receipt.external_id)
        elif item.state != DONE:
            owing.arrive(item)


def fail(item_id: int, error: ChannelError, *, idempotent: bool) -> None:
    """The call did not work out: try again later, give up, or wait for the echo that tells what became of it.

    Args:
        item_id: the item that was claimed.
        error: what the adapter raised.
        idempotent: whether sending again can double nothing; edits and deletions never can.
    """
    with unit_of_work() as session:
        item = session.get_one(OutboxItem, item_id)
        lock_stream(item.stream)
        session.refresh(item)
        if item.state != SENDING:
            return
        if error.uncertain and not idempotent and item.verb == Verb.SEND:
            owing.await_echo(item, error.reason)
        elif error.permanent or item.attempts >= MOST_ATTEMPTS or clock.now() - item.created_at >= LONGEST:
            owing.give_up(item, FAILED, error.reason)
        else:
            _try_later(item, error)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts: 1, 2, 4 … up to five minutes."""
    return min(2.0 ** (attempts - 1), _LONGEST_WAIT)


def expire_leases() -> None:
    """A sender that died between call and receipt leaves us not knowing.

    Wait for the echo instead of sending twice, unless the vendor takes the same message twice without doubling it.
    """
    left = (_OWED, OutboxItem.state == SENDING, OutboxItem.claimed_at < clock.now() - _LEASE)
    query = select(OutboxItem.id, Channel).join(Channel, Channel.id == OutboxItem.channel_id).where(*left)
    gone = ChannelError("The sender stopped before the answer came.", uncertain=True)
    for item_id, channel in db.session().execute(query.limit(_MOST)).all():
        fail(item_id, gone, idempotent=channels.capabilities(channel).idempotent_sends)


def give_up_waiting() -> None:
    """No echo has come in time: nobody knows, and an agent is asked. One that comes later is believed all the same."""
    late = (OutboxItem.settled_at.is_(None), OutboxItem.state == AWAITING, OutboxItem.next_at <= clock.now())
    # The echo has come, perhaps, and waits: the channel is switched off, or there was no worker for a while.
    heard = exists().where(InboxItem.stream == OutboxItem.stream, InboxItem.state == _NOT_APPLIED)
    query = select(OutboxItem.id).join(Channel, Channel.id == OutboxItem.channel_id)
    for item_id in db.session().scalars(query.where(*late, breaker.not_off(), ~heard).limit(_MOST)).all():
        with unit_of_work() as session:
            item = session.get_one(OutboxItem, item_id)
            lock_stream(item.stream)
            session.refresh(item)
            if item.state == AWAITING and item.next_at <= clock.now():
                owing.give_up(item, UNKNOWN, item.reason)


def due_streams(at: datetime) -> list[str]:
    """Streams whose next item should have gone out by now: a retry is due or a doorbell was lost.

    Of a channel that keeps failing it is one, for the probe, and none while it pauses. The probe is what has waited
    longest, so that a message which the vendor cannot take does not hold up the others.
    """
    heads = select(func.min(OutboxItem.id)).where(_OWED).group_by(OutboxItem.stream)
    due = (OutboxItem.id.in_(heads), OutboxItem.state == READY, OutboxItem.next_at <= at, ~_IS_HELD)
    query = select(OutboxItem.stream, Channel.id, Channel.failures).join(Channel, Channel.id == OutboxItem.channel_id)
    found, probed = [], set[int]()
    query = query.where(*due, breaker.not_paused()).order_by(OutboxItem.next_at, OutboxItem.id)
    for stream, channel_id, failures in db.session().execute(query.limit(_MOST)):
        if failures < breaker.PATIENCE or channel_id not in probed:
            found.append(stream)
        probed.add(channel_id)
    return found


def _is_held(item: OutboxItem) -> bool:
    return item.part > 0 and bool(db.session().scalar(select(_IS_HELD).where(OutboxItem.id == item.id)))


def _try_later(item: OutboxItem, error: ChannelError) -> None:
    """Nothing has happened, as far as the vendor says: the same call again, after a while.

    A vendor that takes nothing does not refuse this one.
    """
    if breaker.is_failing(item.channel_id):
        item.attempts = max(item.attempts - 1, 1)
    wait = error.retry_after if error.retry_after is not None else backoff(item.attempts)
    item.state, item.reason = READY, error.reason[:500]
    item.next_at = clock.now() + timedelta(seconds=wait)
    # It may have been edited meanwhile.
    owing.follow(lock_case(item.message.case_id), item.message)


def _id_of_part(item: OutboxItem) -> str:
    """The vendor's id of what an edit is about, where it was not known yet when that was owed."""
    sent = (OutboxItem.message_id == item.message_id, OutboxItem.part == item.part, OutboxItem.state == DONE)
    query = select(OutboxItem.external_id).where(*sent, OutboxItem.verb == Verb.SEND).order_by(OutboxItem.id)
    return db.session().scalar(query.limit(1)) or ""
