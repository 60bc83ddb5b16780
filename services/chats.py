"""Live chats: product.md §2.2, row by row. C1–C3 receive, C4–C5 reply and take, C7–C8 end, C10 postpone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from channels.base import Author, CustomerUpdate, IncomingMessage
from extensions import db
from models import Agent, Case, Channel, Customer, Delivery, EventKind, Message, Status
from models.stream import stream_key

from . import access, channels, clock, customers, messages, outbox, repetition, settings, timeouts
from .attachments import StoredFile
from .errors import N_, AnotherChatActive, ChatEnded, ChatTaken, InvalidInput
from .events import SYSTEM, agent_actor, customer_actor
from .sanitise import message_text
from .uow import lock_case, lock_stream, record, unit_of_work

LONGEST_INCOMING = 100_000


def stream_of(channel: Channel, conversation: str) -> str:
    """The order key of a conversation."""
    return stream_key(channel.id, conversation)


def receive(
    channel: Channel,
    incoming: IncomingMessage,
    *,
    client_key: str | None = None,
    files: Sequence[StoredFile] = (),
) -> Message:
    """Take in what was said outside the desk: C1–C3, once per id, however often it comes.

    Other words under a known id are kept as a message of their own.

    Raises:
        InvalidInput: the message is empty.
    """
    text = message_text(incoming.text, longest=LONGEST_INCOMING, may_be_empty=bool(files))
    client_key = f"{incoming.conversation}:{client_key}" if client_key else None
    with unit_of_work():
        lock_stream(stream_of(channel, incoming.conversation))
        standing = repetition.judge(channel, incoming, text)
        known = standing.known or messages.known(channel.id, client_key=client_key)
        if known is not None:
            return known
        recognised = customers.recognise(channel, incoming.customer)
        actor = customer_actor(recognised.customer.id)
        case = _place(channel, recognised.customer, incoming, actor)
        new = messages.NewMessage(
            author=incoming.author,
            text=text,
            actor=actor if incoming.author == Author.CUSTOMER else SYSTEM,
            said_at=incoming.said_at,
            author_name=incoming.author_name,
            client_key=client_key,
            external_id=standing.external_id,
            variant=standing.variant,
            files=files,
        )
        return messages.add(case, new)


def update_customer(channel: Channel, update: CustomerUpdate) -> None:
    """Keep what a channel has told about a customer and show it in their chat."""
    with unit_of_work():
        lock_stream(stream_of(channel, update.conversation))
        recognised = customers.recognise(channel, update.customer)
        case = _latest_case(channel, recognised.customer)
        if recognised.changed and case is not None:
            record(case, EventKind.CUSTOMER_CHANGED, SYSTEM)


def take(case_id: int, agent: Agent, *, instead_of: int | None = None) -> Case:
    """Fixate a chat to the agent (C5). The first who takes it has it.

    Args:
        case_id: the chat.
        agent: who takes it.
        instead_of: the agent from whom it is taken over knowingly.

    Raises:
        CaseNotFound, ChatEnded
        ChatTaken: someone else has it.
    """
    access.require_case(agent, case_id)
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active:
            raise ChatEnded
        _fixate(case, agent, instead_of=instead_of)
        return case


def reply(
    case_id: int,
    agent: Agent,
    text: str,
    *,
    client_key: str | None = None,
    files: Sequence[StoredFile] = (),
) -> Message:
    """Answer the customer; takes a chat that nobody has (C5) and re-activates one that has ended (C4).

    Raises:
        CaseNotFound, ChatTaken, InvalidInput
        AnotherChatActive: the customer already writes in a newer chat.
    """
    access.require_case(agent, case_id)
    client_key = _agents_key(agent, client_key)
    with unit_of_work():
        case = lock_case(case_id)
        known = messages.known(case.channel_id, client_key=client_key)
        if known is not None:
            return known
        can = channels.capabilities(case.channel)
        clean = message_text(text, longest=can.longest_text, may_be_empty=bool(files))
        if not case.active:
            _reactivate(case, agent_actor(agent.id))
        _fixate(case, agent)
        new = messages.NewMessage(
            author=Author.AGENT,
            text=clean,
            actor=agent_actor(agent.id),
            agent_id=agent.id,
            author_name=agent.name,
            client_key=client_key,
            delivery=Delivery.SENT if can.own_socket else Delivery.SENDING,
            files=files,
        )
        message = messages.add(case, new)
        if not can.own_socket:
            outbox.owe(case, message)
        return message


def answered_before(case_id: int, agent: Agent, client_key: str | None) -> Message | None:
    """The answer that this agent has sent under this id, if it has arrived: its files need no second copy.

    Raises:
        CaseNotFound
    """
    case = access.require_case(agent, case_id)
    return messages.known(case.channel_id, client_key=_agents_key(agent, client_key))


def end(case_id: int, agent: Agent, status: str) -> Case:
    """End a chat with the status that the agent chose (C7).

    Raises:
        CaseNotFound, ChatEnded
        InvalidInput: no such status.
    """
    if status not in list(Status):
        raise InvalidInput("status", N_("Choose open, pending or closed."))
    access.require_case(agent, case_id)
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active:
            raise ChatEnded
        _end(case, Status(status), agent_actor(agent.id), reason="agent")
        return case


def due(at: datetime) -> list[tuple[int, datetime]]:
    """The chats whose silence has lasted too long, with the deadline that was missed."""
    query = select(Case.id, Case.ends_at).where(Case.active, Case.ends_at <= at).order_by(Case.ends_at).limit(200)
    return [(case_id, ends_at) for case_id, ends_at in db.session().execute(query) if ends_at is not None]


def end_silent(case_id: int, ends_at: datetime) -> bool:
    """End a chat for its silence (C8), unless something was said or postponed since; tells whether it did."""
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active or case.ends_at != ends_at or ends_at > clock.now():
            return False
        _end(case, timeouts.status_after_silence(case.last_author), SYSTEM, reason="silence")
        return True


def postpone(case_id: int, agent: Agent) -> Case:
    """Move the chat's end five minutes away from where it is (C10); may be repeated.

    Raises:
        CaseNotFound, ChatEnded
        InvalidInput: postponing is switched off.
    """
    access.require_case(agent, case_id)
    if not settings.chats().may_postpone:
        raise InvalidInput("postpone", N_("Postponing is switched off."))
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active or case.ends_at is None:
            raise ChatEnded
        case.ends_at = timeouts.postponed(case.ends_at)
        record(case, EventKind.CHAT_POSTPONED, agent_actor(agent.id), until=case.ends_at.isoformat())
        return case


def read(case_id: int, agent: Agent) -> None:
    """The agent whose chat it is has seen every reply."""
    case = access.require_case(agent, case_id)
    if case.fixated_to_id != agent.id or not case.unread:
        return
    with unit_of_work():
        case = lock_case(case_id)
        if case.active and case.fixated_to_id == agent.id and case.unread:
            case.unread = 0
            record(case, EventKind.CHAT_READ, agent_actor(agent.id))


def _agents_key(agent: Agent, client_key: str | None) -> str | None:
    return f"agent {agent.id}:{client_key}" if client_key else None


def _place(channel: Channel, customer: Customer, incoming: IncomingMessage, actor: str) -> Case:
    """The case that a message belongs to, active if someone has to see it (C1–C4)."""
    latest = _latest_case(channel, customer)
    gap = _gap(channel, customer, incoming)
    if gap is not None and gap is not latest:
        return gap
    is_over = latest is not None and latest.status == Status.CLOSED and incoming.author == Author.CUSTOMER
    if latest is None or (is_over and gap is None):
        return _start(channel, customer, incoming, actor)
    if not latest.active and incoming.author != Author.BOT and not _was_said_before_the_end(latest, incoming):
        _reactivate(latest, actor)
    return latest


def _gap(channel: Channel, customer: Customer, incoming: IncomingMessage) -> Case | None:
    """The case in which a late message was said between others: there it stands, not in a new one."""
    if incoming.said_at is None:
        return None
    case_id = messages.case_around(channel.id, customer.id, incoming.said_at)
    return None if case_id is None else lock_case(case_id)


def _was_said_before_the_end(case: Case, incoming: IncomingMessage) -> bool:
    """Whether an agent wrote this, in the vendor's own app, before the chat ended: nothing to re-activate it for."""
    by_agent = incoming.author == Author.AGENT
    return by_agent and bool(incoming.said_at and case.ended_at and incoming.said_at <= case.ended_at)


def _latest_case(channel: Channel, customer: Customer) -> Case | None:
    query = (
        select(Case)
        .where(Case.channel_id == channel.id, Case.customer_id == customer.id)
        .order_by(Case.active.desc(), Case.id.desc())
        .limit(1)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    )
    return db.session().scalar(query)


def _start(channel: Channel, customer: Customer, incoming: IncomingMessage, actor: str) -> Case:
    now = clock.now()
    case = Case(
        channel_id=channel.id,
        customer_id=customer.id,
        conversation=incoming.conversation,
        group_id=channel.group_id,
        created_at=now,
        updated_at=now,
        started_at=now,
        last_message_at=now,
        ends_at=timeouts.deadline(now, settings.chats().silence_minutes),
        rev=0,
        unread=0,
        subject="",
        last_words="",
        active=True,
    )
    db.session().add(case)
    db.session().flush()
    record(case, EventKind.CHAT_STARTED, actor)
    return case


def _reactivate(case: Case, actor: str) -> None:
    """Make an ended chat active again; nobody has it until someone takes it."""
    newer = select(Case.id).where(
        Case.channel_id == case.channel_id, Case.customer_id == case.customer_id, Case.active, Case.id != case.id
    )
    other = db.session().scalar(newer)
    if other is not None:
        raise AnotherChatActive(other)
    case.active, case.status = True, Status.OPEN
    case.started_at, case.ended_at = clock.now(), None
    case.ends_at = timeouts.deadline(case.started_at, settings.chats().silence_minutes)
    case.fixated_to_id = case.fixated_at = None
    case.unread, case.waiting_since = 0, None
    record(case, EventKind.CHAT_REACTIVATED, actor)


def _fixate(case: Case, agent: Agent, *, instead_of: int | None = None) -> None:
    """Give the chat to the agent; the case too, if nobody looks after it."""
    if case.fixated_to_id == agent.id:
        return
    if case.fixated_to_id not in (None, instead_of):
        owner = db.session().get_one(Agent, case.fixated_to_id)
        raise ChatTaken(by=owner.name, agent_id=owner.id)
    case.fixated_to_id, case.fixated_at = agent.id, clock.now()
    case.assignee_id = case.assignee_id or agent.id
    record(case, EventKind.CHAT_TAKEN, agent_actor(agent.id), agent=agent.id)


def _end(case: Case, status: Status, actor: str, *, reason: str) -> None:
    now = clock.now()
    case.active, case.status = False, status
    case.ended_at = case.updated_at = now
    case.fixated_to_id = case.fixated_at = case.ends_at = case.waiting_since = None
    case.unread = 0
    record(case, EventKind.CHAT_ENDED, actor, status=status, reason=reason)
