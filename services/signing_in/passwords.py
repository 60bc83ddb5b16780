"""Passwords: hashed, compared, changed by their owner or through a link that an administrator hands out."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import delete, select

from extensions import db
from models import Agent, PasswordLink
from services import audit, clock, tokens
from services.errors import N_, InvalidInput
from services.uow import unit_of_work

from . import sign_ins

SHORTEST = 8
LONGEST = 200
LINK_LASTS = timedelta(hours=72)
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """The password as it is stored. Takes its time: not while a lock is held. Raises `InvalidInput`."""
    check_length(password)
    return _hasher.hash(password)


def check_length(password: str) -> None:
    """Raises `InvalidInput` for a password that is too short or too long."""
    if len(password) < SHORTEST:
        raise InvalidInput("password", N_("Use at least %(least)s characters."), least=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidInput("password", N_("Use at most %(most)s characters."), most=LONGEST)


def is_of(agent: Agent | None, password: str) -> bool:
    """Whether this is the agent's password. Nobody has one, and that takes as long to find out as that one is wrong."""
    try:
        return _hasher.verify(agent.password_hash if agent else _nobodys_hash(), password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False


def require(agent: Agent, password: str) -> None:
    """Have agents show that it is they who ask. Raises `InvalidInput` for another password than theirs."""
    if not is_of(agent, password):
        raise InvalidInput("current", N_("This is not your password."))


def change(agent: Agent, *, current: str, new: str, here: int) -> None:
    """Give oneself a new password; all other browsers are signed out.

    Args:
        agent: whose password.
        current: the one until now.
        new: the one from now on.
        here: the id of the sign-in that goes on.

    Raises:
        InvalidInput: the present password is another one, or the new one cannot be taken.
    """
    require(agent, current)
    new_hash = hashed(new)
    with unit_of_work() as session:
        _give(session.get_one(Agent, agent.id), new_hash, here=here)


def make_link(agent: Agent, made_by: Agent | None = None) -> str:
    """The word of a link by which the agent chooses a new password, once and within three days.

    Links that were made for the agent before work no more. `made_by` is empty where a command makes it.
    """
    token = tokens.new()
    now = clock.now()
    with unit_of_work() as session:
        drop_links(agent.id)
        link = PasswordLink(
            token_hash=tokens.digest(token), agent_id=agent.id, created_at=now, expires_at=now + LINK_LASTS
        )
        link.made_by_id = made_by.id if made_by else None
        session.add(link)
        audit.note("agent", agent.id, agent.name, "password_link")
    return token


def whose_link(token: str) -> Agent | None:
    """The agent who may choose a password with this word, None if it is not or no longer good for that."""
    good = (PasswordLink.token_hash == tokens.digest(token), PasswordLink.expires_at > clock.now())
    theirs = select(Agent).join(PasswordLink, PasswordLink.agent_id == Agent.id)
    return db.session().scalar(theirs.where(*good, Agent.active))


def choose_by_link(token: str, new: str) -> bool:
    """Set the password of the agent whose link this is and end all their sign-ins; tells whether the link was good.

    Raises:
        InvalidInput: the password cannot be taken; the link stays good.
    """
    new_hash = hashed(new)
    with unit_of_work():
        agent = whose_link(token)
        # Of two who use it at once, one finds it.
        if agent is None or not drop_links(agent.id):
            return False
        _give(agent, new_hash)
        return True


def drop_links(agent_id: int) -> int:
    """Have no link of the agent's work any more; tells how many did."""
    dropped = db.session().execute(delete(PasswordLink).where(PasswordLink.agent_id == agent_id))
    return int(dropped.rowcount)  # type: ignore[attr-defined]


def put(agent_id: int, new: str) -> None:
    """Set an agent's password and end all their sign-ins. Raises `InvalidInput` if it cannot be taken."""
    new_hash = hashed(new)
    with unit_of_work() as session:
        _give(session.get_one(Agent, agent_id), new_hash)


def _give(agent: Agent, new_hash: str, *, here: int | None = None) -> None:
    agent.password_hash = new_hash
    audit.note("agent", agent.id, agent.name, "password")
    drop_links(agent.id)
    sign_ins.end_all(agent.id, but=here)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
