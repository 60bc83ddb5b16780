"""Corrections: agents change the words of their own messages, or take them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import delete as sql_delete

from extensions import db
from models import Agent, Attachment, Case, Message
from services import access, clock
from services.errors import N_, CaseNotFound, Forbidden, InvalidInput
from services.events import agent_actor
from services.exchange import channels, owing
from services.sanitise import message_text
from services.uow import lock_case, unit_of_work

from . import messages, notes
from .chats import longest_answer

WITHIN = timedelta(hours=24)


def is_offered(message: Message) -> bool:
    """Whether somebody may correct a message now; who, `require` says. A note stays in the desk."""
    if message.agent_id is None or message.deleted_at is not None or clock.now() - message.created_at >= WITHIN:
        return False
    case = message.case
    return message.note or (channels.capabilities(case.channel).edit and access.is_reachable(case))


def require(message_id: int, agent: Agent) -> Message:
    """The message, if the agent may correct it.

    Raises:
        CaseNotFound: there is no such message, or the agent may not see its case.
        Forbidden: it is somebody else's, or the agent may look only.
        InvalidInput: its time is over, it was deleted, or its channel cannot carry that over.
    """
    message = db.session().get(Message, message_id)
    if message is None:
        raise CaseNotFound(0)
    case = access.require_case(agent, message.case_id)
    if message.agent_id != agent.id and (message.note or message.agent_id is None or not agent.is_admin):
        raise Forbidden
    if not message.note:
        access.require_answerable(agent, case.id)
    if message.deleted_at is not None:
        raise InvalidInput("message", N_("This message was deleted."))
    if not is_offered(message):
        raise InvalidInput("message", N_("This message cannot be changed any more."))
    return message


def edit(message_id: int, agent: Agent, text: str) -> Message:
    """Give a message other words; its vendor is told behind what it was told before.

    Raises:
        CaseNotFound, Forbidden
        InvalidInput: as `require`, or the words are missing or too many.
    """
    with _corrected(message_id, agent) as (case, message):
        longest = notes.LONGEST if message.note else longest_answer(case.channel)
        clean = message_text(text, longest=longest, may_be_empty=bool(message.attachments))
        if clean != message.text:
            message.text, message.edited_at = clean, clock.now()
            _tell(case, message, agent, "edited")
    return message


def delete(message_id: int, agent: Agent) -> Message:
    """Take a message back: its words and files are gone, its place in the thread stays.

    Raises:
        CaseNotFound, Forbidden, InvalidInput: as `require`.
    """
    with _corrected(message_id, agent) as (case, message):
        message.text, message.deleted_at = "", clock.now()
        db.session().execute(sql_delete(Attachment).where(Attachment.message_id == message.id))
        db.session().expire(message, ["attachments"])
        _tell(case, message, agent, "deleted")
    return message


@contextmanager
def _corrected(message_id: int, agent: Agent) -> Iterator[tuple[Case, Message]]:
    """A message that the agent may correct, with its case, locked."""
    require(message_id, agent)
    with unit_of_work() as session:
        message = session.get_one(Message, message_id)
        case = lock_case(message.case_id)
        session.refresh(message)
        yield case, require(message_id, agent)


def _tell(case: Case, message: Message, agent: Agent, what: str) -> None:
    messages.changed(case, message, agent_actor(agent.id), what=what)
    if message.note:
        return
    messages.renew_last_words(case)
    if not channels.capabilities(case.channel).own_socket:
        owing.follow(case, message)
