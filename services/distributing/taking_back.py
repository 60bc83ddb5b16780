"""Taking chats back from agents who do not answer them or have gone (product.md §2.2, §2.3).

Whoever was given a chat and does not answer in time has let it go: they are not given it again. Whoever goes loses at
once what they were given and have not answered. A chat that they have answered or taken by hand stays theirs until its
customer waits and the agent has been gone for as long as an answer may take. The assignee goes with the chat only
where nobody but the giving had made them that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select

from extensions import db
from models import Agent, AgentStatus, Case, Event, EventKind, Group, Handling, Message, StatusSpan
from services import access
from services.attendance import availability
from services.conversations import chat_states
from services.events import SYSTEM
from services.uow import lock_case, unit_of_work

USUAL_SECONDS = 60
_AT_ONCE = 200


@dataclass(frozen=True)
class Left:
    """A chat whose agent is not there. `unanswered`: they were given it and have said nothing since.

    `out_of_sight`: they may not see it any more, wherever they are.
    """

    case_id: int
    agent_id: int
    fixated_at: datetime
    unanswered: bool
    out_of_sight: bool


def overdue(at: datetime) -> list[tuple[int, datetime]]:
    """The chats that were not answered in time, with the deadline that was missed."""
    late = select(Case.id, Case.answer_by).where(Case.active, Case.fixated_to_id.is_not(None), Case.answer_by <= at)
    rows = db.session().execute(late.order_by(Case.answer_by).limit(_AT_ONCE))
    return [(case_id, answer_by) for case_id, answer_by in rows if answer_by is not None]


def from_the_late(case_id: int, answer_by: datetime) -> bool:
    """Take back a chat that was not answered in time, unless it was since; tells whether it did."""
    with unit_of_work() as session:
        case = lock_case(case_id)
        if not case.active or case.answer_by != answer_by or case.fixated_to_id is None:
            return False
        if case.waiting_since is None:
            # Somebody has answered in the vendor's own app.
            case.answer_by = None
            return False
        if session.scalar(select(_is_there(case.fixated_to_id))):
            # Who was not there, or could not be because the desk was not, has not let it go.
            case.passed_over = [*case.passed_over, case.fixated_to_id]
        chat_states.release(case, reason="unanswered", unassign=_was_assigned_by_giving(case))
        return True


def left_alone(at: datetime) -> list[Left]:
    """The chats whose agent has gone and that somebody else has to look after now."""
    return [
        left
        for left, since, seconds in _of_the_absent()
        if left.unanswered or left.out_of_sight or _is_too_long(since, seconds, at)
    ]


def from_the_absent(left: Left) -> bool:
    """Take back a chat whose agent has gone, unless they are there again; tells whether it did."""
    with unit_of_work() as session:
        case = lock_case(left.case_id)
        if not case.active or (case.fixated_to_id, case.fixated_at) != (left.agent_id, left.fixated_at):
            return False
        owner = session.get_one(Agent, left.agent_id, populate_existing=True)
        if owner.active and not access.may_have(owner, case):
            chat_states.release(case, reason="access", unassign=True)
            return True
        if session.scalar(select(_is_there(owner.id))) or not (left.unanswered or case.waiting_since):
            return False
        chat_states.release(case, reason="absent", unassign=left.unanswered and _was_assigned_by_giving(case))
        return True


def _is_there(agent_id: int) -> ColumnElement[bool]:
    return exists().where(Agent.id == agent_id, availability.is_ready())


def _of_the_absent() -> list[tuple[Left, datetime | None, int]]:
    """What those have who are not there: since when they are gone, where a customer waits, and the group's seconds."""
    gone_since = select(StatusSpan.began_at).where(
        StatusSpan.agent_id == Agent.id, StatusSpan.ended_at.is_(None), AgentStatus.chats != Handling.HANDLE
    )
    there = select(Agent.id).where(availability.is_ready())
    query = (
        select(
            Case.id,
            Case.fixated_to_id,
            Case.fixated_at,
            Case.waiting_since,
            _is_unanswered(),
            ~access.owner_sees(),
            gone_since.scalar_subquery(),
            Group.answer_seconds,
        )
        .join(Group, Group.id == Case.group_id)
        .join(Agent, Agent.id == Case.fixated_to_id)
        .outerjoin(AgentStatus, AgentStatus.id == Agent.status_id)
        .where(Case.active, Case.fixated_to_id.not_in(there) | ~access.owner_sees())
    )
    rows = db.session().execute(query)
    return [
        (Left(case_id, agent_id, fixated_at, bool(unanswered), lost), since if waiting_since else None, seconds)
        for case_id, agent_id, fixated_at, waiting_since, unanswered, lost, since, seconds in rows
        if agent_id is not None and fixated_at is not None
    ]


def _is_unanswered() -> ColumnElement[bool]:
    """Whether a chat was given, not taken, and its agent has not written since."""
    hands = (EventKind.CHAT_TAKEN, EventKind.CHAT_TRANSFERRED)
    came = select(Event.actor).where(Event.case_id == Case.id, Event.kind.in_(hands)).order_by(Event.id.desc()).limit(1)
    theirs = (Message.case_id == Case.id, Message.agent_id == Case.fixated_to_id, ~Message.note)
    said = exists().where(*theirs, Message.created_at >= Case.fixated_at)
    return and_(came.scalar_subquery() == SYSTEM, ~said)


def _is_too_long(since: datetime | None, seconds: int, at: datetime) -> bool:
    return since is not None and since + timedelta(seconds=seconds or USUAL_SECONDS) <= at


def _was_assigned_by_giving(case: Case) -> bool:
    query = select(Event).where(Event.case_id == case.id, Event.kind == EventKind.CHAT_TAKEN)
    given = db.session().scalar(query.order_by(Event.id.desc()).limit(1))
    return given is not None and bool(given.data.get("assigned"))
