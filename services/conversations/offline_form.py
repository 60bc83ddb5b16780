"""The offline form: what visitors leave while nobody is there becomes a case at once, never a chat."""

from __future__ import annotations

from channels.base import IncomingMessage
from extensions import db
from models import Case, Channel, Customer, EventKind, Message, Status
from services import clock
from services.events import customer_actor
from services.sanitise import message_text, one_line
from services.uow import lock_stream, record, unit_of_work

from . import chats, customers, messages, placing

_SUBJECT, _LAST_WORDS = 80, 140


def take_in(channel: Channel, incoming: IncomingMessage, *, client_key: str) -> Message:
    """Keep a message from the form, once per id, however often it comes.

    It goes on in the visitor's case if that is not closed; a chat that they have under way stays one.

    Raises:
        InvalidInput: the message is empty.
    """
    text = message_text(incoming.text, longest=chats.LONGEST_INCOMING)
    key = f"{incoming.conversation}:{client_key}"
    with unit_of_work():
        lock_stream(chats.stream_of(channel, incoming.conversation))
        known = messages.known(channel.id, client_key=key)
        if known is not None:
            return known
        customer = customers.recognise(channel, incoming.customer).customer
        actor = customer_actor(customer.id)
        case = _case(channel, customer, incoming.conversation, actor)
        new = messages.NewMessage(author=incoming.author, text=text, actor=actor, client_key=key)
        message = messages.add(case, new)
        if not case.active:
            _bring_up_to_date(case, message)
        return message


def _case(channel: Channel, customer: Customer, conversation: str, actor: str) -> Case:
    latest = placing.latest_case(channel, customer)
    if latest is None or latest.status == Status.CLOSED:
        return _new_case(channel, customer, conversation, actor)
    return latest


def _new_case(channel: Channel, customer: Customer, conversation: str, actor: str) -> Case:
    """A case that was never a chat: it has no end."""
    now = clock.now()
    case = Case(
        channel_id=channel.id,
        customer_id=customer.id,
        conversation=conversation,
        group_id=channel.group_id,
        created_at=now,
        updated_at=now,
        started_at=now,
        last_message_at=now,
        rev=0,
        active=False,
    )
    db.session().add(case)
    db.session().flush()
    record(case, EventKind.CASE_MADE, actor)
    return case


def _bring_up_to_date(case: Case, message: Message) -> None:
    """Keep what the list of cases shows, and have the case wait for an answer again."""
    case.status = Status.OPEN
    case.subject = case.subject or one_line(message.text, longest=_SUBJECT)
    case.last_words, case.last_author = one_line(message.text, longest=_LAST_WORDS), message.author
    case.last_message_at = message.created_at
