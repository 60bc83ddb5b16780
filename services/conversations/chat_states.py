"""What becomes of a chat: it starts, is taken or given, goes back, ends, begins again. Steps inside a unit of work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from extensions import db
from models import Agent, Case, Channel, Customer, EventKind, Status
from services import clock, settings
from services.errors import AnotherChatActive, ChatTaken
from services.events import SYSTEM, agent_actor
from services.uow import record

from . import timeouts


def start(channel: Channel, customer: Customer, conversation: str, actor: str, *, group_id: int) -> Case:
    """A new case with an active chat that nobody has yet."""
    now = clock.now()
    case = Case(
        channel_id=channel.id,
        customer_id=customer.id,
        conversation=conversation,
        group_id=group_id,
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


def reactivate(case: Case, actor: str) -> None:
    """Make an ended chat active again; nobody has it until someone takes it.

    Raises:
        AnotherChatActive: the customer has begun a newer chat since.
    """
    newer = select(Case.id).where(
        Case.channel_id == case.channel_id, Case.customer_id == case.customer_id, Case.active, Case.id != case.id
    )
    other = db.session().scalar(newer)
    if other is not None:
        raise AnotherChatActive(other)
    case.active, case.status = True, Status.OPEN
    case.started_at, case.ended_at = clock.now(), None
    case.ends_at = timeouts.deadline(case.started_at, settings.chats().silence_minutes)
    case.fixated_to_id = case.fixated_at = case.answer_by = None
    case.passed_over = []
    case.unread, case.waiting_since = 0, None
    record(case, EventKind.CHAT_REACTIVATED, actor)


def fixate(case: Case, agent: Agent, *, instead_of: int | None = None) -> None:
    """Give the chat to the agent; the case too, if nobody looks after it.

    Args:
        case: the chat.
        agent: who gets it.
        instead_of: the agent from whom it is taken over knowingly.

    Raises:
        ChatTaken: someone else has it.
    """
    if case.fixated_to_id == agent.id and case.answer_by is None:
        return
    if case.fixated_to_id not in (None, agent.id, instead_of):
        owner = db.session().get_one(Agent, case.fixated_to_id)
        raise ChatTaken(by=owner.name, agent_id=owner.id)
    if case.fixated_to_id != agent.id:
        _hand_to(case, agent)
    # Whoever was given it has it for good now, and whoever let it go before may be given it another time.
    case.answer_by, case.passed_over = None, []
    record(case, EventKind.CHAT_TAKEN, agent_actor(agent.id), agent=agent.id)


def give(case: Case, agent: Agent, *, answer_by: datetime | None) -> None:
    """Fixate a chat that nobody has to an agent who did not ask for it; the case too, if nobody looks after it.

    Args:
        case: the chat.
        agent: who is given it.
        answer_by: until when they have to answer, None for as long as they are there.
    """
    assigned = case.assignee_id is None
    _hand_to(case, agent)
    case.answer_by = answer_by
    record(case, EventKind.CHAT_TAKEN, SYSTEM, agent=agent.id, given=True, assigned=assigned)


def release(case: Case, *, reason: str, unassign: bool) -> None:
    """Take a chat back from its agent: it is a new one again. `reason` says in the changelog why.

    With `unassign`, the agent does not look after the case any more, either.
    """
    owner = case.fixated_to_id
    case.fixated_to_id = case.fixated_at = case.answer_by = None
    if unassign and case.assignee_id == owner:
        case.assignee_id = None
    record(case, EventKind.CHAT_RELEASED, SYSTEM, agent=owner, reason=reason)


def end(case: Case, status: Status, actor: str, *, reason: str) -> None:
    """End a chat; `reason` says in the changelog who or what ended it."""
    now = clock.now()
    case.active, case.status = False, status
    case.ended_at = case.updated_at = now
    case.fixated_to_id = case.fixated_at = case.answer_by = case.ends_at = case.waiting_since = None
    case.passed_over, case.unread = [], 0
    record(case, EventKind.CHAT_ENDED, actor, status=status, reason=reason)


def _hand_to(case: Case, agent: Agent) -> None:
    case.fixated_to_id, case.fixated_at = agent.id, clock.now()
    case.assignee_id = case.assignee_id or agent.id
