"""Statuses of the desk's own: made, changed, withdrawn (product.md §4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import Agent, AgentStatus, Handling, StatusKind
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import lock_stream, note_agent, unit_of_work

from . import statuses

LONGEST_NAME = 60
MINUTES_OF_A_DAY = 24 * 60
# What the built-in ones are called on the command line.
_WORDS = {kind.replace("_", "-"): kind for kind in StatusKind if kind != StatusKind.CUSTOM}


@dataclass(frozen=True)
class Custom:
    """What a status is to be like; see `AgentStatus`."""

    name: str
    cases: str
    chats: str
    returns: bool = True
    daily_minutes: int | None = None


def everything() -> list[AgentStatus]:
    """All statuses: the built-in ones, those in use, those that are not any more."""
    known = select(AgentStatus).order_by(AgentStatus.active.desc(), AgentStatus.kind == StatusKind.CUSTOM)
    return list(db.session().scalars(known.order_by(AgentStatus.id)))


def own(status_id: int) -> AgentStatus | None:
    """One that can be changed; None for the built-in ones and where there is none."""
    status = db.session().get(AgentStatus, status_id)
    return status if status is not None and status.kind == StatusKind.CUSTOM else None


def called(word: str) -> AgentStatus | None:
    """The status that a command names: online, offline, without-chats, or one of the desk's own by its name."""
    name = word.strip().casefold()
    if name in _WORDS:
        return statuses.built_in(_WORDS[name])
    return next((one for one in statuses.choices() if name and one.name.casefold() == name), None)


def word(status: AgentStatus) -> str:
    """What commands call it."""
    return status.name or status.kind.replace("_", "-")


def create(wanted: Custom) -> AgentStatus:
    """Add a status.

    Raises:
        InvalidInput: a value cannot be taken.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        status = AgentStatus(kind=StatusKind.CUSTOM, **_checked(wanted))
        session.add(status)
        session.flush()
        return status


def change(status_id: int, wanted: Custom) -> None:
    """Keep what a status is like; it holds at once for those who are in it.

    Raises:
        InvalidInput: a value cannot be taken.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        status = session.get_one(AgentStatus, status_id)
        for name, value in _checked(wanted, but=status_id).items():
            setattr(status, name, value)
        for agent_id in session.scalars(select(Agent.id).where(Agent.status_id == status_id)):
            note_agent(agent_id)


def withdraw(status_id: int) -> None:
    """Take a status out of use; whoever is in it is offline."""
    with unit_of_work() as session:
        lock_stream("setup")
        status = session.get_one(AgentStatus, status_id)
        status.active = False
        session.flush()
        statuses.withdraw(status)


def use_again(status_id: int) -> None:
    """Bring a status back into use.

    Raises:
        InvalidInput: another one has its name meanwhile.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        status = session.get_one(AgentStatus, status_id)
        _check_free(status.name, but=status_id)
        status.active = True


def _checked(wanted: Custom, *, but: int = 0) -> dict[str, object]:
    name = one_line(wanted.name, longest=LONGEST_NAME)
    if not name:
        raise InvalidInput("name", N_("Enter a name."))
    _check_free(name, but=but)
    for field in ("cases", "chats"):
        if getattr(wanted, field) not in list(Handling):
            raise InvalidInput(field, N_("Choose what agents do in this status."))
    if wanted.daily_minutes is not None and not 1 <= wanted.daily_minutes <= MINUTES_OF_A_DAY:
        raise InvalidInput("daily_minutes", N_("Choose between 1 and %(most)s minutes."), most=MINUTES_OF_A_DAY)
    return vars(wanted) | {"name": name}


def _check_free(name: str, *, but: int) -> None:
    """Two statuses of one name could not be told apart in the menu, nor on the command line."""
    others = [one.name.casefold() for one in statuses.choices() if one.id != but]
    built_in = [word.replace("-", " ") for word in _WORDS]
    if name.casefold() in (*others, *_WORDS, *built_in):
        raise InvalidInput("name", N_("A status with this name exists already."))
