"""Messages of a case: added once each, read in order, caught up by revision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from channels.base import Author
from extensions import db
from models import Agent, Case, Delivery, EventKind, Message
from services import clock, settings
from services.sanitise import one_line
from services.uow import record

from . import position, timeouts
from .attachments import StoredFile, attach

LATEST = 200
_LAST_WORDS = 140
_SUBJECT = 80


@dataclass(frozen=True)
class NewMessage:
    """What is about to be added. `said_at` is None for what is said to us directly: arrival orders it.

    A `note` is for agents alone; `mentions` are the ids of those whom it calls.
    """

    author: Author
    text: str
    actor: str
    said_at: datetime | None = None
    agent_id: int | None = None
    author_name: str = ""
    client_key: str | None = None
    external_id: str | None = None
    variant: bool = False
    delivery: Delivery = Delivery.NONE
    files: Sequence[StoredFile] = ()
    note: bool = False
    mentions: Sequence[int] = ()


def known(channel_id: int, *, external_id: str | None = None, client_key: str | None = None) -> Message | None:
    """The message that already carries one of these keys."""
    keys = []
    if external_id:
        keys.append(Message.external_id == external_id)
    if client_key:
        keys.append(Message.client_key == client_key)
    if not keys:
        return None
    return db.session().scalar(select(Message).where(Message.channel_id == channel_id, or_(*keys)))


def agents_key(agent: Agent, client_key: str | None) -> str | None:
    """Under which an agent's message is known again that their browser sends twice."""
    return f"agent {agent.id}:{client_key}" if client_key else None


def add(case: Case, new: NewMessage) -> Message:
    """Add a message to a locked case, with its event, and restart the silence where it counts."""
    arrived = clock.now()
    session = db.session()
    # One write for each row, at the end, instead of one before each question.
    with session.no_autoflush:
        message = _message(case, new, arrived)
        session.add(message)
        session.flush()
        called = {"mentions": list(new.mentions)} if new.note else {}
        record(case, EventKind.MESSAGE_ADDED, new.actor, message=message.id, **called)
        case.updated_at = arrived
        if case.active and not new.note and message.author != Author.BOT:
            is_last = new.said_at is None or message.position == _last_position(case)
            _bring_up_to_date(case, message, arrived, is_last=is_last)
    return message


def _message(case: Case, new: NewMessage, arrived: datetime) -> Message:
    """The message of the case's next revision."""
    said_at = position.credible(new.said_at, arrived)
    message = Message(
        case=case,
        channel_id=case.channel_id,
        rev=case.rev + 1,
        position=position.of_time(case, said_at) if new.said_at else position.of_arrival(case, arrived),
        author=new.author,
        agent_id=new.agent_id,
        author_name=one_line(new.author_name, longest=200),
        text=new.text,
        said_at=said_at,
        created_at=arrived,
        client_key=new.client_key,
        external_id=new.external_id,
        variant=new.variant,
        delivery=new.delivery,
        note=new.note,
    )
    attach(message, new.files)
    return message


def changed(case: Case, message: Message, actor: str, *, what: str = "") -> None:
    """Note that a message of a locked case looks different now, and what somebody did to it, if that is why."""
    done = {"what": what} if what else {}
    record(case, EventKind.MESSAGE_CHANGED, actor, message=message.id, **done)
    message.rev = case.rev


def renew_last_words(case: Case) -> None:
    """Keep what the list shows of a locked case after one of its messages was edited or deleted."""
    people = (Message.case_id == case.id, Message.author != Author.BOT, ~Message.note, Message.deleted_at.is_(None))
    last = db.session().scalar(select(Message).where(*people).order_by(Message.position.desc()).limit(1))
    case.last_words = _words(last) if last is not None else ""
    case.last_author = last.author if last is not None else case.last_author


def latest(case_id: int, *, before: int | None = None) -> list[Message]:
    """The last messages of a case (or those before a position), in the order in which they were said."""
    query = select(Message).where(Message.case_id == case_id)
    if before is not None:
        query = query.where(Message.position < before)
    newest_first = db.session().scalars(query.order_by(Message.position.desc()).limit(LATEST))
    return list(newest_first)[::-1]


def since(case_id: int, rev: int) -> list[Message]:
    """What was added or changed after this revision, by revision; of very much only the first part (`is_part`)."""
    query = select(Message).where(Message.case_id == case_id, Message.rev > rev).order_by(Message.rev)
    return list(db.session().scalars(query.limit(LATEST)))


def is_part(found: Sequence[Message]) -> bool:
    """Whether there may be more than what `since` found: who asks goes on after the last one's revision."""
    return len(found) == LATEST


def case_around(channel_id: int, customer_id: int, said_at: datetime) -> int | None:
    """The case in which the customer spoke both before and after that moment: the gap that a late message fills.

    Only times of the customer's own messages are compared: they come from one clock, the vendor's.
    """
    query = (
        select(Case.id)
        .join(Message, Message.case_id == Case.id)
        .where(Case.channel_id == channel_id, Case.customer_id == customer_id, Message.author == Author.CUSTOMER)
        .group_by(Case.id)
        .having(func.min(Message.said_at) <= said_at, func.max(Message.said_at) > said_at)
        .order_by(Case.id.desc())
        .limit(1)
    )
    return db.session().scalar(query)


def _bring_up_to_date(case: Case, message: Message, arrived: datetime, *, is_last: bool) -> None:
    """Keep what the list shows and restart the silence; only people do that (product.md §2.2)."""
    case.last_message_at = arrived
    case.ends_at = timeouts.deadline(arrived, settings.chats().silence_minutes)
    if is_last:
        case.last_words = _words(message)
        case.last_author = message.author
    if message.author == Author.CUSTOMER:
        case.subject = case.subject or _words(message)[:_SUBJECT]
        case.unread += 1
        case.waiting_since = case.waiting_since or arrived
    elif is_last:
        case.unread = 0
        case.waiting_since = None


def _last_position(case: Case) -> int:
    """Where the last words between people and their customer stand; a bot's and notes do not count."""
    people = (Message.case_id == case.id, Message.author != Author.BOT, ~Message.note)
    return db.session().scalar(select(func.max(Message.position)).where(*people)) or 0


def _words(message: Message) -> str:
    if message.text:
        return one_line(message.text, longest=_LAST_WORDS)
    return ", ".join(file.name for file in message.attachments)[:_LAST_WORDS]
