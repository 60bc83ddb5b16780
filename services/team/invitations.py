"""Invitations: a link by which somebody becomes an agent, once, within a week."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import exists, select

from extensions import db
from models import Agent, Invitation
from services import clock, tokens
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import lock_stream, unit_of_work

from . import access_levels, agents, roles
from .access_levels import Level

LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Offer:
    """Who is invited, and what they will be: what their role says, or else what stands here."""

    email: str
    name: str = ""
    role_id: int | None = None
    is_admin: bool = False
    level: Level = field(default_factory=Level)


@dataclass(frozen=True)
class Link:
    """What an invited person is sent. The desk keeps a hash of the token: it can be told this one time."""

    invitation: Invitation
    token: str


def invite(by: Agent, offer: Offer) -> Link:
    """Invite somebody.

    Raises:
        InvalidInput: address, role or level cannot be taken, or they are here or invited already.
    """
    address = agents.checked_address(offer.email)
    with unit_of_work() as session:
        lock_stream("setup")
        _refuse_known(address)
        access_levels.check(offer.level)
        role = roles.chosen(offer.role_id)
        invitation = Invitation(
            email=address,
            name=one_line(offer.name, longest=120),
            role_id=role.id if role else None,
            is_admin=offer.is_admin,
            level=access_levels.as_json(offer.level),
        )
        token = _begin(invitation, by)
        session.add(invitation)
        session.flush()
        return Link(invitation, token)


def renew(invitation_id: int, by: Agent) -> Link | None:
    """A new link in place of the old one; None if nobody is waiting for it any more."""
    with unit_of_work():
        lock_stream("setup")
        invitation = _waiting(invitation_id)
        return Link(invitation, _begin(invitation, by)) if invitation else None


def revoke(invitation_id: int) -> Invitation | None:
    """Take an invitation back: its link opens nothing any more."""
    with unit_of_work() as session:
        lock_stream("setup")
        invitation = _waiting(invitation_id)
        if invitation is not None:
            session.delete(invitation)
        return invitation


def waiting() -> list[Invitation]:
    """The invitations that nobody has accepted yet, the newest first."""
    unanswered = select(Invitation).where(Invitation.accepted_at.is_(None))
    return list(db.session().scalars(unanswered.order_by(Invitation.created_at.desc(), Invitation.id.desc())))


def holds(invitation: Invitation) -> bool:
    """Whether its link still works: in its week, and while whoever gave it may invite."""
    by = invitation.invited_by
    in_time = invitation.accepted_at is None and invitation.expires_at > clock.now()
    return in_time and by.active and by.is_admin


def by_token(token: str) -> Invitation | None:
    """The invitation that a link opens, or None."""
    found = db.session().scalar(select(Invitation).where(Invitation.token_hash == tokens.digest(token)))
    return found if found is not None and holds(found) else None


def accept(token: str, *, name: str, password: str, language: str) -> Agent | None:
    """Make an agent of whoever has the link; None if it does not work any more.

    Raises:
        InvalidInput: name or password cannot be taken, or the address has come to be another agent's.
    """
    invitation = by_token(token)
    if invitation is None:
        return None
    agent = agents.new(email=invitation.email, name=name, password=password, language=language)
    with unit_of_work():
        lock_stream("setup")
        invitation = by_token(token)
        if invitation is None:
            return None
        agents.add(agent)
        _equip(agent, invitation)
        invitation.accepted_at = clock.now()
        return agent


def _equip(agent: Agent, invitation: Invitation) -> None:
    if invitation.role is not None:
        roles.follow(agent, invitation.role)
        return
    agent.is_admin = invitation.is_admin
    access_levels.give(agent.id, access_levels.from_json(invitation.level))


def _begin(invitation: Invitation, by: Agent) -> str:
    """Give it a link and a week, and tell the token."""
    token = tokens.new()
    invitation.token_hash, invitation.invited_by_id = tokens.digest(token), by.id
    invitation.created_at = clock.now()
    invitation.expires_at = invitation.created_at + LIFE
    return token


def _waiting(invitation_id: int) -> Invitation | None:
    wanted = select(Invitation).where(Invitation.id == invitation_id, Invitation.accepted_at.is_(None))
    return db.session().scalar(wanted)


def _refuse_known(address: str) -> None:
    if db.session().scalar(select(exists().where(Agent.email == address, Agent.deleted_at.is_(None)))):
        raise InvalidInput("email", N_("An agent with this e-mail address exists already."))
    if db.session().scalar(select(exists().where(Invitation.email == address, Invitation.accepted_at.is_(None)))):
        raise InvalidInput("email", N_("This address is invited already. Make a new link in the list of invitations."))
