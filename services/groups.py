"""Groups: found by name, made where a command names one that is missing."""

from __future__ import annotations

from sqlalchemy import select

from extensions import db
from models import Group

from .errors import N_, InvalidInput
from .sanitise import one_line
from .uow import lock_stream, unit_of_work


def active() -> list[Group]:
    """All active groups, by name."""
    return list(db.session().scalars(select(Group).where(Group.active).order_by(Group.name)))


def first() -> Group:
    """The group that was made first; every desk has one."""
    return db.session().scalars(select(Group).where(Group.active).order_by(Group.id).limit(1)).one()


def named(name: str) -> Group:
    """The group of that name, created if it is missing. Raises `InvalidInput` for an empty name."""
    wanted = one_line(name, longest=120)
    if not wanted:
        raise InvalidInput("group", N_("Enter a name."))
    with unit_of_work() as session:
        lock_stream("setup")
        group = session.scalar(select(Group).where(Group.name == wanted))
        if group is None:
            group = Group(name=wanted)
            session.add(group)
            session.flush()
        return group
