"""Chat signatures: how an agent signs the first answer in a chat of theirs (product.md §2.3)."""

from __future__ import annotations

from sqlalchemy import exists, select

from extensions import db
from models import Agent, Case, Message, Role
from services.errors import InvalidInput
from services.sanitise import message_text

LONGEST_SIGNATURE = 500


def of(agent: Agent) -> str:
    """The agent's own signature, else that of their role."""
    if agent.signature or agent.role_id is None:
        return agent.signature
    return db.session().get_one(Role, agent.role_id).signature


def checked_signature(text: str) -> str:
    """A signature as it will be kept.

    Raises:
        InvalidInput: it is too long.
    """
    try:
        return message_text(text, longest=LONGEST_SIGNATURE, may_be_empty=True)
    except InvalidInput as error:
        raise InvalidInput("signature", error.reason, **error.values) from error


def signed(text: str, case: Case, agent: Agent, *, longest: int) -> str:
    """An answer as the customer gets it: with the signature if it is the agent's first since the chat became theirs.

    Args:
        text: the answer.
        case: the chat, which is the agent's already.
        agent: who answers.
        longest: the characters that the channel takes; the signature stays away where it does not fit.
    """
    signature = of(agent)
    if not signature or _has_answered(case, agent):
        return text
    whole = f"{text}\n\n{signature}" if text else signature
    return whole if len(whole) <= longest else text


def _has_answered(case: Case, agent: Agent) -> bool:
    theirs = (Message.case_id == case.id, Message.agent_id == agent.id, ~Message.note)
    since = (Message.created_at >= case.fixated_at,) if case.fixated_at else ()
    return bool(db.session().scalar(select(exists().where(*theirs, *since))))
