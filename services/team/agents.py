"""Agents: created, recognised, changed."""

from __future__ import annotations

from functools import partial

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import exists, select

from extensions import db, vault
from models import Agent
from services import clock
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.signing_in import passwords
from services.uow import lock_stream, unit_of_work

from . import access_levels
from .access_levels import Level

_SETUP = "first administrator"


def active_ids() -> list[int]:
    """Everybody who may sign in."""
    return list(db.session().scalars(select(Agent.id).where(Agent.active)))


def active() -> list[Agent]:
    """The same, by name."""
    return list(db.session().scalars(select(Agent).where(Agent.active).order_by(Agent.name, Agent.id)))


def by_email(email: str) -> Agent | None:
    """The agent who signs in with this address, if active."""
    return db.session().scalar(select(Agent).where(Agent.email == email.strip().casefold(), Agent.active))


def refusals(*, email: str, name: str, password: str) -> list[InvalidInput]:
    """All that cannot be taken of a new agent's words, each with its field: nobody shall have to try twice."""
    found = []
    checks = (partial(checked_address, email), partial(checked_name, name), partial(passwords.check_length, password))
    for check in checks:
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
    agent = new(email=email, name=name, password=password, is_admin=is_admin, language=language)
    with unit_of_work():
        lock_stream("setup")
        add(agent)
        if level is not None:
            access_levels.give(agent.id, level)
        return agent


def authenticate(email: str, password: str) -> Agent | None:
    """The agent whom these words sign in, or None."""
    agent = by_email(email)
    return agent if passwords.is_of(agent, password) else None


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
    agent = new(email=email, name=name, password=password, is_admin=True, language="")
    with unit_of_work():
        lock_stream("setup")
        if administrator_exists():
            raise InvalidInput("email", N_("The first administrator exists already. Sign in instead."))
        add(agent)
        return agent


def setup_link(public_url: str) -> str | None:
    """The address that makes the first administrator, or None once there is one."""
    return None if administrator_exists() else f"{public_url}/setup/{vault.sign(_SETUP)}"


def new(*, email: str, name: str, password: str, is_admin: bool = False, language: str = "") -> Agent:
    """An agent as `add` will store it; hashing takes its time before any lock is held.

    Raises:
        InvalidInput: address, name or password cannot be taken.
    """
    return Agent(
        email=checked_address(email),
        name=checked_name(name),
        password_hash=passwords.hashed(password),
        is_admin=is_admin,
        active=True,
        language=language,
        theme="auto",
        created_at=clock.now(),
    )


def add(agent: Agent) -> None:
    """Store a new agent; part of the unit of work around it, which holds the lock of "setup".

    Raises:
        InvalidInput: somebody has this address.
    """
    session = db.session()
    if session.scalar(select(Agent.id).where(Agent.email == agent.email, Agent.deleted_at.is_(None))):
        raise InvalidInput("email", N_("An agent with this e-mail address exists already."))
    session.add(agent)
    session.flush()


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
