"""Notifications: what each agent wants to hear of and how, and who is told of what (product.md §2.3, §4.1).

A chat that nobody has concerns all who may take it, one that somebody has its owner alone. Who is offline or without
chats by their own choice is told of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

from extensions import db
from models import Agent, Case, Event, EventKind, Handling, StatusKind
from services import access
from services.attendance import statuses
from services.errors import N_, InvalidInput
from services.uow import unit_of_work

SHORTEST_PAUSE, LONGEST_PAUSE = 10, 600
LOUDEST = 100


class Occasion(StrEnum):
    """What an agent may be told of: a chat that they may take, a reply in one of theirs, a note that names them, a
    chat that was given to them."""

    NEW = "new"
    REPLY = "reply"
    MENTION = "mention"
    GIVEN = "given"


@dataclass(frozen=True)
class Wishes:
    """How an agent is told, for each occasion by sound and on the desktop.

    `reminds` repeats the sound every `reminder_seconds` while chats are New; `volume` goes from 0 to 100. `pushes`
    reaches the agent's browsers while no page of the desk is open; `shows_words` puts the customer's words there.
    """

    new_sound: bool = True
    new_desktop: bool = True
    reply_sound: bool = True
    reply_desktop: bool = True
    mention_sound: bool = True
    mention_desktop: bool = True
    given_sound: bool = True
    given_desktop: bool = True
    reminds: bool = True
    reminder_seconds: int = 20
    volume: int = LOUDEST
    pushes: bool = True
    shows_words: bool = True

    @property
    def ways(self) -> list[str]:
        """What is switched on, as "new-sound" or "reply-desktop"."""
        names = (f"{occasion}_{way}" for occasion in Occasion for way in ("sound", "desktop"))
        return [name.replace("_", "-") for name in names if getattr(self, name)]

    def wakes_for(self, occasion: Occasion) -> bool:
        """Whether a browser without a page of the desk is to show this."""
        return self.pushes and bool(getattr(self, f"{occasion}_desktop"))


@dataclass(frozen=True)
class Notice:
    """Something that one agent is to be told by name. `message_id` is the note that names them."""

    agent: Agent
    occasion: Occasion
    case: Case
    message_id: int | None = None


_KNOWN = {field.name for field in fields(Wishes)}


def wishes(agent: Agent) -> Wishes:
    """What the agent wants; what they never chose is on."""
    return Wishes(**{name: value for name, value in (agent.notifications or {}).items() if name in _KNOWN})


def change(agent_id: int, wanted: Wishes) -> None:
    """Keep what an agent wants; whoever asks tells their pages.

    Raises:
        InvalidInput: the pause or the volume is out of range.
    """
    if not SHORTEST_PAUSE <= wanted.reminder_seconds <= LONGEST_PAUSE:
        reason = N_("Choose between %(least)s and %(most)s seconds.")
        raise InvalidInput("reminder_seconds", reason, least=SHORTEST_PAUSE, most=LONGEST_PAUSE)
    if not 0 <= wanted.volume <= LOUDEST:
        raise InvalidInput("volume", N_("Choose a volume between 0 and 100."))
    with unit_of_work() as session:
        session.get_one(Agent, agent_id).notifications = asdict(wanted)


def personal(events: Sequence[Event]) -> list[Notice]:
    """What is told to single agents by name: a note that names them, a chat that somebody else gave them."""
    return [notice for event in events for notice in _personal(event) if _hears(notice.agent, notice.case)]


def _personal(event: Event) -> list[Notice]:
    session, data = db.session(), event.data
    if event.kind == EventKind.MESSAGE_ADDED and data.get("mentions"):
        agents = (session.get(Agent, agent_id) for agent_id in data["mentions"])
        case = session.get_one(Case, event.case_id)
        return [Notice(agent, Occasion.MENTION, case, data["message"]) for agent in agents if agent is not None]
    if was_given(event):
        case = session.get_one(Case, event.case_id)
        return [Notice(session.get_one(Agent, data["agent"]), Occasion.GIVEN, case)]
    return []


def was_given(event: Event) -> bool:
    """Whether a chat fell to an agent by distribution or by a colleague, and not by their own hand."""
    is_given = event.kind == EventKind.CHAT_TAKEN and bool(event.data.get("given"))
    return is_given or event.kind == EventKind.CHAT_TRANSFERRED


def _hears(agent: Agent, case: Case) -> bool:
    """Whether an agent's status lets them be told, and whether they may see the case at all."""
    status = statuses.of(agent)
    is_at_work = status.kind != StatusKind.WITHOUT_CHATS and Handling.HANDLE in (status.cases, status.chats)
    return is_at_work and access.may_see(agent, case)
