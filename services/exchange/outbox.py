"""The outbox: what is owed to a vendor, written with the message, sent in order, settled once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from channels.base import ChannelError, Outbound, Receipt
from extensions import db
from models import Agent, Case, Channel, Delivery, Message, OutboxItem
from services import access, clock
from services.conversations import messages
from services.errors import N_, InvalidInput
from services.events import SYSTEM, agent_actor
from services.uow import lock_case, lock_stream, ring_after_commit, unit_of_work

from . import breaker, channels

READY, SENDING, DONE, FAILED, UNKNOWN = "ready", "sending", "done", "failed", "unknown"
MOST_ATTEMPTS = 12
_LEASE = timedelta(seconds=60)
_LONGEST_WAIT = 300.0
_OWED = OutboxItem.settled_at.is_(None)


def owe(case: Case, message: Message) -> None:
    """Owe a message to the vendor; part of the unit of work that adds it."""
    now = clock.now()
    item = OutboxItem(
        channel_id=case.channel_id, stream=case.stream, message_id=message.id, next_at=now, created_at=now
    )
    db.session().add(item)
    ring_after_commit("outbound", case.stream)


def claim(stream: str) -> OutboxItem | None:
    """Take the stream's oldest owed item for sending.

    None if its time has not come, somebody is sending before it, or the channel pauses.
    """
    with unit_of_work() as session:
        lock_stream(stream)
        query = select(OutboxItem).where(_OWED, OutboxItem.stream == stream)
        item = session.scalar(query.order_by(OutboxItem.id).limit(1))
        if item is None or item.state == SENDING or item.next_at > clock.now() or not breaker.admit(item.channel_id):
            return None
        item.state, item.claimed_at = SENDING, clock.now()
        item.attempts += 1
        return item


def outbound(item: OutboxItem) -> Outbound:
    """The item as its adapter takes it, without files."""
    message = item.message
    case = db.session().get_one(Case, message.case_id)
    agent = db.session().get_one(Agent, message.agent_id)
    return Outbound(case.conversation, message.text, agent.name, agent.email)


def settle(item_id: int, receipt: Receipt) -> None:
    """The vendor has it."""
    with unit_of_work() as session:
        item = session.get_one(OutboxItem, item_id)
        lock_stream(item.stream)
        session.refresh(item)
        if item.state != DONE:
            _finish(item, DONE, Delivery.SENT, "", external_id=receipt.external_id)


def fail(item_id: int, error: ChannelError, *, idempotent: bool) -> None:
    """The call did not work out: try again later, give up, or say that nobody knows.

    Args:
        item_id: the item that was claimed.
        error: what the adapter raised.
        idempotent: whether sending again can double nothing.
    """
    with unit_of_work() as session:
        item = session.get_one(OutboxItem, item_id)
        lock_stream(item.stream)
        session.refresh(item)
        if item.state != SENDING:
            return
        if error.uncertain and not idempotent:
            _finish(item, UNKNOWN, Delivery.UNKNOWN, error.reason)
        elif error.permanent or item.attempts >= MOST_ATTEMPTS:
            _finish(item, FAILED, Delivery.FAILED, error.reason)
        else:
            wait = error.retry_after if error.retry_after is not None else backoff(item.attempts)
            item.state, item.claimed_at = READY, None
            item.next_at = clock.now() + timedelta(seconds=min(wait, _LONGEST_WAIT))


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts: 1, 2, 4 … up to five minutes."""
    return min(2.0 ** (attempts - 1), _LONGEST_WAIT)


def confirm(channel_id: int, stream: str, external_id: str, text: str) -> None:
    """The vendor shows us our own message: it was delivered, whatever our call said (chatra.md §2.3)."""
    with unit_of_work() as session:
        lock_stream(stream)
        if messages.known(channel_id, external_id=external_id):
            return
        tried = (OutboxItem.stream == stream, OutboxItem.state != DONE, OutboxItem.attempts > 0)
        for item in session.scalars(select(OutboxItem).where(*tried).order_by(OutboxItem.id)):
            if item.message.external_id is None and _says(item.message, text):
                _finish(item, DONE, Delivery.SENT, "", external_id=external_id)
                return


def send_again(message_id: int, agent: Agent) -> Message:
    """Owe a message again whose delivery failed or is unknown, because an agent asked for it.

    Raises:
        CaseNotFound: there is no such message, or the agent may not see its case.
        InvalidInput: it is under way or has arrived.
    """
    message = db.session().get(Message, message_id)
    access.require_answerable(agent, message.case_id if message else 0)
    with unit_of_work() as session:
        message = session.get_one(Message, message_id)
        case = lock_case(message.case_id)
        session.refresh(message)
        if message.delivery not in (Delivery.FAILED, Delivery.UNKNOWN):
            raise InvalidInput("message", N_("This message is on its way or has arrived."))
        message.delivery, message.delivery_reason = Delivery.SENDING, ""
        messages.changed(case, message, agent_actor(agent.id))
        owe(case, message)
        return message


def expire_leases() -> None:
    """A sender that died between call and receipt leaves us not knowing.

    Say so instead of sending twice, unless the vendor takes the same message twice without doubling it.
    """
    left = (_OWED, OutboxItem.state == SENDING, OutboxItem.claimed_at < clock.now() - _LEASE)
    query = select(OutboxItem.id, Channel).join(Channel, Channel.id == OutboxItem.channel_id).where(*left)
    gone = ChannelError("The sender stopped before the answer came.", uncertain=True)
    for item_id, channel in db.session().execute(query.limit(500)).all():
        fail(item_id, gone, idempotent=channels.capabilities(channel).idempotent_sends)


def due_streams(at: datetime) -> list[str]:
    """Streams whose next item should have gone out by now: a retry is due or a doorbell was lost.

    Of a channel that keeps failing it is one, for the probe, and none while it pauses.
    """
    heads = select(func.min(OutboxItem.id)).where(_OWED).group_by(OutboxItem.stream)
    due = (OutboxItem.id.in_(heads), OutboxItem.state == READY, OutboxItem.next_at <= at, breaker.not_paused())
    query = select(OutboxItem.stream, Channel.id, Channel.failures).join(Channel, Channel.id == OutboxItem.channel_id)
    found, probed = [], set[int]()
    for stream, channel_id, failures in db.session().execute(query.where(*due).limit(500)):
        if failures < breaker.PATIENCE or channel_id not in probed:
            found.append(stream)
        probed.add(channel_id)
    return found


def _says(message: Message, text: str) -> bool:
    """Whether the vendor's text is this message; files went out as links below it."""
    if message.attachments:
        return all(file.public_id in text for file in message.attachments)
    return text.strip() == message.text


def _finish(item: OutboxItem, state: str, delivery: Delivery, reason: str, *, external_id: str = "") -> None:
    """Settle an item whose stream is locked, and show how its message fared."""
    case = lock_case(item.message.case_id)
    item.state, item.settled_at = state, clock.now()
    message = item.message
    message.delivery, message.delivery_reason = delivery, reason[:500]
    if external_id and not messages.known(case.channel_id, external_id=external_id):
        message.external_id = external_id
    messages.changed(case, message, SYSTEM)
    ring_after_commit("outbound", item.stream)
