"""Transfer: a chat goes on to a colleague or to a group (product.md §2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from channels.base import Author
from extensions import db
from models import Agent, Case, EventKind, Group, Message
from services import access, clock
from services.attendance import availability
from services.distributing import load
from services.errors import N_, ChatEnded, ChatTaken, InvalidInput
from services.events import agent_actor
from services.uow import lock_case, record, unit_of_work

from . import messages, notes

# What the thread says of it, in English; whoever shows it translates it.
TO_GROUP = N_("%(by)s transferred this chat to the group %(to)s.")
TO_AGENT = N_("%(by)s transferred this chat to %(to)s.")


class Obstacle(StrEnum):
    """Why an agent cannot take a chat."""

    AWAY = "away"
    NO_ACCESS = "no_access"


_SENTENCES = {
    Obstacle.AWAY: N_("%(name)s is not available for chats just now."),
    Obstacle.NO_ACCESS: N_("%(name)s may not see the chats of this group or channel."),
}


@dataclass(frozen=True)
class Colleague:
    """To whom a chat might go: how many they have, how many they may be given, and what speaks against it."""

    agent: Agent
    chats: int
    capacity: int
    obstacle: Obstacle | None


@dataclass(frozen=True)
class Transferred:
    """A chat after its transfer, what was written into its thread about it, and who or which group has it now."""

    case: Case
    said: Sequence[Message]
    to: str


def colleagues(case: Case, by: Agent) -> list[Colleague]:
    """Every colleague who is neither the one who transfers nor has the chat already, those who can take it first."""
    others = select(Agent, load.chats(), load.capacity())
    others = others.where(Agent.active, Agent.id.not_in((by.id, case.fixated_to_id or 0)))
    found = db.session().execute(others.order_by(Agent.name, Agent.id)).all()
    obstacles = _obstacles(case, [agent.id for agent, _, _ in found])
    listed = [Colleague(agent, busy, capacity, obstacles.get(agent.id)) for agent, busy, capacity in found]
    return sorted(listed, key=lambda one: one.obstacle is not None)


def to_agent(
    case_id: int, by: Agent, agent_id: int, *, instead_of: int | None = None, seen_in: int | None = None, note: str = ""
) -> Transferred:
    """Give a chat to a colleague; the case too, if nobody or the chat's former owner looks after it.

    Args:
        case_id: the chat.
        by: who transfers it.
        agent_id: who gets it.
        instead_of: the agent from whom it is knowingly taken.
        seen_in: the group in which whoever transfers it has seen it, if that matters.
        note: words for colleagues.

    Raises:
        CaseNotFound, Forbidden, ChatEnded
        ChatTaken: someone else has it.
        InvalidInput: the colleague cannot take it, it is in another group by now, or the note is too long.
    """
    access.require_answerable(by, case_id)
    with unit_of_work() as session:
        case = _locked(case_id, by, instead_of, seen_in)
        heir = session.get(Agent, agent_id)
        if heir is None or not heir.active or heir.id in (by.id, case.fixated_to_id):
            raise InvalidInput("to", N_("Choose another agent or group."))
        if obstacle := _obstacles(case, [heir.id]).get(heir.id):
            raise InvalidInput("to", _SENTENCES[obstacle], name=heir.name)
        if case.assignee_id in (None, case.fixated_to_id):
            case.assignee_id = heir.id
        case.fixated_to_id, case.fixated_at, case.answer_by = heir.id, clock.now(), None
        record(case, EventKind.CHAT_TRANSFERRED, agent_actor(by.id), agent=heir.id, by=by.id)
        return Transferred(case, _tell(case, by, TO_AGENT, heir.name, note), heir.name)


def to_group(
    case_id: int, by: Agent, group_id: int, *, instead_of: int | None = None, seen_in: int | None = None, note: str = ""
) -> Transferred:
    """Put a chat among the new ones of a group: nobody has it until somebody takes it or is given it.

    The case is assigned no longer to whoever had the chat, nor to whoever may not see it there. Args as `to_agent`.

    Raises:
        CaseNotFound, Forbidden, ChatEnded
        ChatTaken: someone else has it.
        InvalidInput: no such group, it waits there already, it is in another one by now, or the note is too long.
    """
    access.require_answerable(by, case_id)
    with unit_of_work() as session:
        case = _locked(case_id, by, instead_of, seen_in)
        group = session.get(Group, group_id)
        if group is None or not group.active:
            raise InvalidInput("to", N_("Choose another agent or group."))
        if group.id == case.group_id and case.fixated_to_id is None:
            raise InvalidInput("to", N_("This chat waits in that group already."))
        _move(case, group, by)
        return Transferred(case, _tell(case, by, TO_GROUP, group.name, note), group.name)


def _locked(case_id: int, by: Agent, instead_of: int | None, seen_in: int | None) -> Case:
    """The chat, locked, if it may be transferred by this agent and stands as they saw it."""
    case = lock_case(case_id)
    if not case.active:
        raise ChatEnded
    if case.fixated_to_id not in (None, by.id, instead_of):
        owner = db.session().get_one(Agent, case.fixated_to_id)
        raise ChatTaken(by=owner.name, agent_id=owner.id)
    if seen_in not in (None, case.group_id):
        raise InvalidInput("to", N_("Somebody has just moved this chat to the group %(name)s."), name=case.group.name)
    return case


def _move(case: Case, group: Group, by: Agent) -> None:
    owner, actor = case.fixated_to_id, agent_actor(by.id)
    moved = case.group_id != group.id
    case.group_id = group.id
    case.fixated_to_id = case.fixated_at = case.answer_by = None
    # Whoever lets it go is not given it back at once.
    case.passed_over = [owner] if owner else []
    assignee = db.session().get(Agent, case.assignee_id) if case.assignee_id else None
    if assignee is not None and (assignee.id == owner or not access.may_have(assignee, case)):
        case.assignee_id = None
    if moved:
        record(case, EventKind.GROUP_CHANGED, actor, group=group.id, by=by.id)
    if owner is not None:
        record(case, EventKind.CHAT_RELEASED, actor, agent=owner, by=by.id)


def _tell(case: Case, by: Agent, sentence: str, to: str, note: str) -> list[Message]:
    """Say in the thread where the chat went; the note of whoever sent it there follows."""
    line = messages.NewMessage(
        author=Author.SYSTEM,
        text=sentence % {"by": by.name, "to": to},
        actor=agent_actor(by.id),
        agent_id=by.id,
        note=True,
    )
    said = [messages.add(case, line)]
    return [*said, notes.write(case, by, note)] if note.strip() else said


def _obstacles(case: Case, agent_ids: Sequence[int]) -> dict[int, Obstacle]:
    """What speaks against giving the chat to these agents, for those against whom something does."""
    able = access.may_be_given(case.channel.family, case.group_id)
    query = select(Agent.id, able, availability.is_ready()).where(Agent.id.in_(agent_ids))
    obstacles = {}
    for agent_id, may, is_there in db.session().execute(query):
        if not (may and is_there):
            obstacles[agent_id] = Obstacle.AWAY if may else Obstacle.NO_ACCESS
    return obstacles
