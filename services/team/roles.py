"""Roles: presets of what agents may do and how they sign; whoever has a role follows it (product.md §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from extensions import db
from models import Agent, Invitation, Role
from services.errors import N_, InvalidInput
from services.sanitise import one_line
from services.uow import lock_stream, unit_of_work

from . import access_levels, agents
from .access_levels import Level
from .signatures import checked_signature


@dataclass(frozen=True)
class Preset:
    """What a role says."""

    name: str
    is_admin: bool = False
    level: Level = field(default_factory=Level)
    signature: str = ""


def everything() -> list[Role]:
    """All roles, by name."""
    return list(db.session().scalars(select(Role).order_by(Role.name)))


def members() -> dict[int, int]:
    """How many agents follow each role, by its id; none for those that are not named."""
    follow = select(Agent.role_id, func.count()).where(Agent.role_id.is_not(None), Agent.deleted_at.is_(None))
    return {role_id: count for role_id, count in db.session().execute(follow.group_by(Agent.role_id)) if role_id}


def preset_of(role: Role) -> Preset:
    """What the role says at present."""
    return Preset(role.name, role.is_admin, access_levels.from_json(role.level), role.signature)


def create(preset: Preset) -> Role:
    """Add a role.

    Raises:
        InvalidInput: name, level or signature cannot be taken.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        role = Role()
        _fill(role, preset)
        session.add(role)
        session.flush()
        return role


def change(role_id: int, preset: Preset) -> None:
    """Change a role and, with it, all agents who follow it.

    Raises:
        InvalidInput: name, level or signature cannot be taken, or nobody would be an administrator any more.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        role = session.get_one(Role, role_id)
        made_administrators = role.is_admin
        _fill(role, preset)
        for agent in _followers(role):
            follow(agent, role)
        if made_administrators and not agents.administrator_exists():
            raise InvalidInput("is_admin", N_("Somebody has to be an administrator."))


def delete(role_id: int) -> None:
    """Take a role away; its agents, and those who are invited with it, keep what they have."""
    with unit_of_work() as session:
        lock_stream("setup")
        role = session.get_one(Role, role_id)
        for agent in _followers(role):
            agent.role_id, agent.signature = None, agent.signature or role.signature
        for invitation in session.scalars(select(Invitation).where(Invitation.role_id == role_id)):
            invitation.role_id, invitation.is_admin, invitation.level = None, role.is_admin, role.level
        session.flush()
        session.delete(role)


def chosen(role_id: int | None) -> Role | None:
    """The role that was chosen, None for none; part of the unit of work around it.

    Raises:
        InvalidInput: it does not exist any more.
    """
    role = db.session().get(Role, role_id) if role_id else None
    if role_id and role is None:
        raise InvalidInput("role", N_("This role does not exist any more."))
    return role


def follow(agent: Agent, role: Role) -> None:
    """Give an agent what the role says; part of the unit of work around it."""
    agent.role_id, agent.is_admin = role.id, role.is_admin
    access_levels.give(agent.id, access_levels.from_json(role.level))


def _fill(role: Role, preset: Preset) -> None:
    name = one_line(preset.name, longest=120)
    if not name:
        raise InvalidInput("name", N_("Enter a name."))
    others = db.session().scalars(select(Role.name).where(Role.id.is_distinct_from(role.id)))
    if name.casefold() in map(str.casefold, others):
        raise InvalidInput("name", N_("A role with this name exists already."))
    access_levels.check(preset.level)
    role.name, role.is_admin = name, preset.is_admin
    role.level = access_levels.as_json(preset.level)
    role.signature = checked_signature(preset.signature)


def _followers(role: Role) -> Sequence[Agent]:
    return db.session().scalars(select(Agent).where(Agent.role_id == role.id).order_by(Agent.id)).all()
