"""Agents: created, recognised, changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import exists, select

from extensions import db, vault
from models import Agent

from . import access_levels, clock
from .access_levels import Level
from .errors import N_, InvalidInput
from .sanitise import one_line
from .uow import lock_stream, unit_of_work

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200
THEMES = ("auto", "light", "dark")
_SETUP = "first administrator"
_hasher = PasswordHasher()


def by_id(agent_id: int) -> Agent | None:
    """The agent with this id, if active."""
    agent = db.session().get(Agent, agent_id)
    return agent if agent is not None and agent.active else None


def active_ids() -> list[int]:
    """Everybody who may sign in."""
    return list(db.session().scalars(select(Agent.id).where(Agent.active)))


def refusals(*, email: str, name: str, password: str) -> list[InvalidInput]:
    """All that cannot be taken of a new agent's words, each with its field: nobody shall have to try twice."""
    found = []
    for check in (partial(checked_address, email), partial(checked_name, name), partial(_check_length, password)):
        try:
            check()
        except InvalidInput as error:
            found.append(error)
    return found


def create(
    *,
    email: str,
    name: str,
    password: str,
    is_admin: bool = False,
    language: str = "",
    level: Level | None = None,
) -> Agent:
    """Add an agent, with full access unless a level says otherwise.

    Raises:
        InvalidInput: address, name, password or level cannot be taken.
    """
    agent = _made(email=email, name=name, password=password, is_admin=is_admin, language=language)
    with unit_of_work():
        lock_stream("setup")
        _add(agent)
        if level is not None:
            access_levels.give(agent.id, level)
        return agent


def authenticate(email: str, password: str) -> Agent | None:
    """The agent whom these words sign in, or None."""
    agent = db.session().scalar(select(Agent).where(Agent.email == email.strip().casefold(), Agent.active))
    try:
        _hasher.verify(agent.password_hash if agent else _nobodys_hash(), password[:LONGEST_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return None
    return agent


def change_profile(agent_id: int, *, language: str, theme: str, languages: Sequence[str]) -> None:
    """Keep how the desk looks to this agent.

    Args:
        agent_id: whose profile.
        language: one of `languages`.
        theme: auto, light or dark.
        languages: those the desk speaks.

    Raises:
        InvalidInput: no such language or theme.
    """
    if language not in languages:
        raise InvalidInput("language", N_("Choose one of the languages."))
    if theme not in THEMES:
        raise InvalidInput("theme", N_("Choose light, dark or automatic."))
    with unit_of_work() as session:
        agent = session.get_one(Agent, agent_id)
        agent.language, agent.theme = language, theme


def administrator_exists() -> bool:
    """Whether the desk has been set up."""
    return bool(db.session().scalar(select(exists().where(Agent.is_admin, Agent.active))))


def may_set_up(token: str) -> bool:
    """Whether this is the word of the one-time link and there is no administrator yet."""
    return vault.signed(_SETUP, token) and not administrator_exists()


def create_first(*, email: str, name: str, password: str) -> Agent:
    """Make the first administrator; of two who try at once, one succeeds.

    Raises:
        InvalidInput: a value cannot be taken, or somebody was faster.
    """
    agent = _made(email=email, name=name, password=password, is_admin=True, language="")
    with unit_of_work():
        lock_stream("setup")
        if administrator_exists():
            raise InvalidInput("email", N_("The first administrator exists already. Sign in instead."))
        _add(agent)
        return agent


def setup_link(public_url: str) -> str | None:
    """The address that makes the first administrator, or None once there is one."""
    return None if administrator_exists() else f"{public_url}/setup/{vault.sign(_SETUP)}"


def _made(*, email: str, name: str, password: str, is_admin: bool, language: str) -> Agent:
    """An agent as it will be stored; hashing takes its time before any lock is held."""
    return Agent(
        email=checked_address(email),
        name=checked_name(name),
        password_hash=_hashed(password),
        is_admin=is_admin,
        active=True,
        language=language,
        theme="auto",
        session_version=1,
        created_at=clock.now(),
    )


def _add(agent: Agent) -> None:
    session = db.session()
    if session.scalar(select(Agent.id).where(Agent.email == agent.email)):
        raise InvalidInput("email", N_("An agent with this e-mail address exists already."))
    session.add(agent)
    session.flush()


@cache
def _nobodys_hash() -> str:
    """Checked when the address is unknown, so that an answer's time does not tell which addresses exist."""
    return _hasher.hash("nobody has this password")


def checked_address(email: str) -> str:
    try:
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput("email", N_("Enter an e-mail address such as name@example.com.")) from error
    return checked.normalized.casefold()


def checked_name(name: str) -> str:
    if shown := one_line(name, longest=120):
        return shown
    raise InvalidInput("name", N_("Enter a name."))


def _hashed(password: str) -> str:
    _check_length(password)
    return _hasher.hash(password)


def _check_length(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput("password", N_("Use at least %(least)s characters."), least=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise InvalidInput("password", N_("Use at most %(most)s characters."), most=LONGEST_PASSWORD)
