"""Settings that administrators change on the page: typed, with defaults, read anew for every request."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import select

from extensions import db
from models import Case, Setting

from . import audit
from .distributing import line
from .errors import N_, InvalidInput
from .uow import lock_stream, unit_of_work

LONGEST_SILENCE = 24 * 60
MOST_CHATS = 100
_CHATS = select(Setting.value).where(Setting.key == "chats")


@dataclass(frozen=True)
class ChatSettings:
    """How silent chats end, in minutes; a silence of 0 ends a chat at once.

    `chats_at_once` is how many an agent is given who has no number of their own.
    """

    silence_minutes: int = 10
    warning_minutes: int = 2
    may_postpone: bool = True
    chats_at_once: int = 5


audit.know_setting("chats", asdict(ChatSettings()))


def chats() -> ChatSettings:
    """The present settings of chats."""
    value = db.session().scalar(_CHATS)
    return ChatSettings(**value) if value else ChatSettings()


def change_chats(new: ChatSettings) -> None:
    """Keep new settings and move the deadlines of the chats that are active; whoever asks tells the pages.

    Raises:
        InvalidInput: minutes or chats out of range.
    """
    _check(new)
    with unit_of_work() as session:
        lock_stream("setup")
        shift = timedelta(minutes=new.silence_minutes - chats().silence_minutes)
        session.merge(Setting(key="chats", value=asdict(new)))
        line.look_again()
        if shift:
            for case in session.scalars(select(Case).where(Case.active).order_by(Case.id).with_for_update(of=Case)):
                case.ends_at = case.ends_at + shift if case.ends_at else None


def _check(new: ChatSettings) -> None:
    if not 0 <= new.silence_minutes <= LONGEST_SILENCE:
        raise InvalidInput("silence_minutes", N_("Choose between 0 and %(most)s minutes."), most=LONGEST_SILENCE)
    if not 0 <= new.warning_minutes <= new.silence_minutes:
        raise InvalidInput("warning_minutes", N_("The warning cannot come before the silence begins."))
    if not 1 <= new.chats_at_once <= MOST_CHATS:
        raise InvalidInput("chats_at_once", N_("Choose between 1 and %(most)s chats."), most=MOST_CHATS)
