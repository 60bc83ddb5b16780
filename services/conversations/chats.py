"""Live chats: product.md §2.2, row by row. C1–C3 receive, C4–C5 reply and take, C7–C8 end, C10 postpone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from channels.base import Author, CustomerUpdate, IncomingMessage
from extensions import db
from models import Agent, Case, Channel, Delivery, EventKind, Message, Status
from models.stream import stream_key
from services import access, clock, settings
from services.errors import N_, ChatEnded, InvalidInput
from services.events import SYSTEM, agent_actor, customer_actor
from services.exchange import channels, outbox, routing
from services.sanitise import message_text
from services.team import signatures
from services.uow import lock_case, lock_stream, record, unit_of_work

from . import chat_states, customers, messages, placing, repetition, timeouts
from .attachments import StoredFile

LONGEST_INCOMING = 100_000
LONGEST_ANSWER = 20_000


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
        case = placing.place(channel, recognised.customer, incoming, actor)
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
        recognised = customers.recognise(channel, update.customer, whole=update.whole)
        case = placing.latest_case(channel, recognised.customer)
        # After a look at everything the pages at least have a newer time to show.
        if (recognised.changed or update.whole) and case is not None:
            record(case, EventKind.CUSTOMER_CHANGED, SYSTEM)
        routing.follow(channel, case, update.group)


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
    access.require_answerable(agent, case_id)
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active:
            raise ChatEnded
        chat_states.fixate(case, agent, instead_of=instead_of)
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
    access.require_answerable(agent, case_id)
    client_key = messages.agents_key(agent, client_key)
    with unit_of_work():
        case = lock_case(case_id)
        known = messages.known(case.channel_id, client_key=client_key)
        if known is not None:
            return known
        can = channels.capabilities(case.channel)
        longest = longest_answer(case.channel)
        clean = message_text(text, longest=longest, may_be_empty=bool(files))
        if not case.active:
            chat_states.reactivate(case, agent_actor(agent.id))
        chat_states.fixate(case, agent)
        new = messages.NewMessage(
            author=Author.AGENT,
            text=signatures.signed(clean, case, agent, longest=longest),
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


def longest_answer(channel: Channel) -> int:
    """How many characters an answer may have; for a vendor that takes less at once it is cut into parts."""
    can = channels.capabilities(channel)
    return can.longest_text if can.own_socket else LONGEST_ANSWER


def answered_before(case_id: int, agent: Agent, client_key: str | None) -> Message | None:
    """The answer that this agent has sent under this id, if it has arrived: its files need no second copy.

    Raises:
        CaseNotFound
    """
    case = access.require_case(agent, case_id)
    return messages.known(case.channel_id, client_key=messages.agents_key(agent, client_key))


def end(case_id: int, agent: Agent, status: str) -> Case:
    """End a chat with the status that the agent chose (C7).

    Raises:
        CaseNotFound, ChatEnded
        InvalidInput: no such status.
    """
    if status not in list(Status):
        raise InvalidInput("status", N_("Choose open, pending or closed."))
    access.require_answerable(agent, case_id)
    with unit_of_work():
        case = lock_case(case_id)
        if not case.active:
            raise ChatEnded
        chat_states.end(case, Status(status), agent_actor(agent.id), reason="agent")
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
        chat_states.end(case, timeouts.status_after_silence(case.last_author), SYSTEM, reason="silence")
        return True


def postpone(case_id: int, agent: Agent) -> Case:
    """Move the chat's end five minutes away from where it is (C10); may be repeated.

    Raises:
        CaseNotFound, ChatEnded
        InvalidInput: postponing is switched off.
    """
    access.require_answerable(agent, case_id)
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
