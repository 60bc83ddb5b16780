"""The chat that a visitor of a site sees: their latest case, its state and what was said since they last looked."""

from __future__ import annotations

import re
from enum import StrEnum

from sqlalchemy import select

from extensions import db
from models import Case, Channel, Identity, Message, Status

from . import messages

_CURSOR = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")


class ChatState(StrEnum):
    """What a visitor has to know: whether their next words go on, re-activate the case or start a new one."""

    NONE = "none"
    ACTIVE = "active"
    ENDED = "ended"
    CLOSED = "closed"


def state_of(case: Case | None) -> ChatState:
    """The state of a case as its visitor sees it."""
    if case is None:
        return ChatState.NONE
    if case.active:
        return ChatState.ACTIVE
    return ChatState.CLOSED if case.status == Status.CLOSED else ChatState.ENDED


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


def cursor(case: Case | None) -> str:
    """Where a browser stands that has seen everything of this case so far."""
    return f"{case.id}:{case.rev}" if case is not None else ""


def unseen(case: Case, after: str) -> list[Message]:
    """What a browser with this cursor lacks; of an earlier case what was still said there, before all of this one."""
    found = _CURSOR.fullmatch(after)
    if found is None:
        return messages.latest(case.id)
    known, rev = int(found[1]), int(found[2])
    if known == case.id:
        return messages.since(case.id, rev)
    earlier = db.session().get(Case, known)
    if earlier is None or (earlier.customer_id, earlier.channel_id) != (case.customer_id, case.channel_id):
        return messages.latest(case.id)
    return messages.since(known, rev) + messages.latest(case.id)


def said_before(channel: Channel, visitor: str, client_id: str) -> Message | None:
    """The message that this browser sent under this id, if it has arrived: its files need no second copy."""
    return messages.known(channel.id, client_key=f"{visitor}:{client_id}")
