"""The chat that a visitor of a site sees: the state of their latest case, and what was said, whatever its case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, select

from extensions import db
from models import Case, Channel, Identity, Message, Status

from . import messages

_CURSOR = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")


@dataclass(frozen=True)
class Unseen:
    """Messages that a browser lacks. `more` is the cursor to go on from, empty when these are all."""

    messages: list[Message]
    more: str = ""


class ChatState(StrEnum):
    """What a visitor has to know: whether their next words go on, re-activate the case or start a new one.

    `LEFT`: it came through the form, and was no chat yet.
    """

    NONE = "none"
    LEFT = "left"
    ACTIVE = "active"
    ENDED = "ended"
    CLOSED = "closed"


def state_of(case: Case | None) -> ChatState:
    """The state of a case as its visitor sees it."""
    if case is None:
        return ChatState.NONE
    if case.active:
        return ChatState.ACTIVE
    if case.status == Status.CLOSED:
        return ChatState.CLOSED
    return ChatState.LEFT if case.ended_at is None else ChatState.ENDED


def agent_name(case: Case | None) -> str:
    """The name of the agent who has the chat, empty while nobody has it."""
    return case.fixated_to.name if case is not None and case.fixated_to is not None else ""


def latest(channel: Channel, visitor: str) -> Case | None:
    """The visitor's chat: the active one, else the newest; None for one who never wrote.

    Args:
        channel: the widget's channel.
        visitor: the channel's id of the visitor, never the token itself.
    """
    query = (
        select(Case)
        .join(Identity, Identity.customer_id == Case.customer_id)
        .where(Identity.channel_id == channel.id, Identity.external_id == visitor, Case.channel_id == channel.id)
        .order_by(Case.active.desc(), Case.id.desc())
        .limit(1)
    )
    return db.session().scalar(query)


def around(message: Message, channel: Channel, visitor: str) -> Case | None:
    """The visitor's chat as the one who has just sent this message sees it."""
    case = message.case
    # There is one active chat at most; but an old message that came again may belong to an ended one.
    return case if case.active else latest(channel, visitor)


def cursor(case: Case | None) -> str:
    """Where a browser stands that has seen everything of this case so far."""
    return f"{case.id}:{case.rev}" if case is not None else ""


def unseen(case: Case, after: str) -> Unseen:
    """What a browser with this cursor lacks, from its cursor on: first of an earlier case, then of those that followed.

    Args:
        case: the visitor's chat.
        after: a cursor; one that fits nothing, as a new page's, asks for the visitor's latest messages, across cases.
    """
    known = _CURSOR.fullmatch(after)
    earlier = db.session().get(Case, int(known[1])) if known is not None else None
    if known is None or earlier is None or not _is_of_same_visitor(earlier, case):
        return Unseen(_latest_messages(case))
    return _from(earlier, int(known[2]), case)


def _from(at: Case, rev: int, case: Case) -> Unseen:
    """What changed after that revision, and in the visitor's later cases up to `case`."""
    unseen: list[Message] = []
    while len(unseen) < messages.LATEST:
        changed = messages.since(at.id, rev)
        unseen += changed
        if messages.is_part(changed):
            rev = changed[-1].rev
        elif at.id == case.id:
            return Unseen(unseen)
        elif following := _following(at):
            at, rev = following, 0
        else:
            # An older case that became active again: nobody knows what the browser has of it.
            return Unseen(unseen + messages.latest(case.id))
    return Unseen(unseen, more=f"{at.id}:{rev}")


def _latest_messages(case: Case) -> list[Message]:
    """The visitor's last messages, of whichever of their cases, in the order in which they were said."""
    query = select(Message).join(Message.case).where(*_same_visitor(case), ~Message.note)
    newest_first = query.order_by(Message.position.desc(), Message.id.desc()).limit(messages.LATEST)
    return list(db.session().scalars(newest_first))[::-1]


def _is_of_same_visitor(case: Case, other: Case) -> bool:
    return (case.customer_id, case.channel_id) == (other.customer_id, other.channel_id)


def _following(case: Case) -> Case | None:
    """The visitor's next case."""
    query = select(Case).where(*_same_visitor(case), Case.id > case.id).order_by(Case.id).limit(1)
    return db.session().scalar(query)


def _same_visitor(case: Case) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Case.customer_id == case.customer_id, Case.channel_id == case.channel_id


def said_before(channel: Channel, visitor: str, client_id: str) -> Message | None:
    """The message that this browser sent under this id, if it has arrived: its files need no second copy."""
    return messages.known(channel.id, client_key=f"{visitor}:{client_id}")
