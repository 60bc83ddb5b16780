"""Groups: made, named, closed in favour of another one."""

from __future__ import annotations

from sqlalchemy import exists, select, update

from extensions import db
from models import AgentGroup, Case, Channel, ChannelOff, EventKind, Group

from .errors import N_, InvalidInput
from .events import SYSTEM
from .sanitise import one_line
from .uow import lock_case, lock_stream, note_agent, record, unit_of_work

_AT_ONCE = 200


def active() -> list[Group]:
    """All active groups, by name."""
    return list(db.session().scalars(select(Group).where(Group.active).order_by(Group.name)))


def everything() -> list[Group]:
    """All groups, those in use first, by name."""
    return list(db.session().scalars(select(Group).order_by(Group.active.desc(), Group.name)))


def create(*, name: str, from_name: str = "") -> Group:
    """Add a group.

    Raises:
        InvalidInput: the name is empty or another group's.
    """
    wanted = _checked_name(name)
    with unit_of_work() as session:
        lock_stream("setup")
        if session.scalar(select(exists().where(Group.name == wanted))):
            raise InvalidInput("name", N_("A group with this name exists already."))
        group = Group(name=wanted, from_name=one_line(from_name, longest=120))
        session.add(group)
        session.flush()
        return group


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
        if not group.active:
            raise InvalidInput("group", N_("This group is not in use any more."))
        return group


def change(group_id: int, *, name: str, from_name: str) -> None:
    """Keep a group's names.

    Raises:
        InvalidInput: the name is empty or another group's.
    """
    wanted = _checked_name(name)
    with unit_of_work() as session:
        lock_stream("setup")
        if session.scalar(select(exists().where(Group.name == wanted, Group.id != group_id))):
            raise InvalidInput("name", N_("A group with this name exists already."))
        group = session.get_one(Group, group_id)
        group.name, group.from_name = wanted, one_line(from_name, longest=120)


def close(group_id: int, replacement_id: int) -> None:
    """Take a group out of use: its cases, channels and members go to the replacement.

    Raises:
        InvalidInput: the replacement is not another active group.
    """
    with unit_of_work() as session:
        lock_stream("setup")
        replacement = session.get(Group, replacement_id)
        if replacement is None or not replacement.active or replacement.id == group_id:
            raise InvalidInput("replacement", N_("Choose another active group."))
        group = session.get_one(Group, group_id)
        group.active, group.replacement_id = False, replacement_id
        session.execute(update(Channel).where(Channel.group_id == group_id).values(group_id=replacement_id))
        _move_members(group_id, replacement_id)
    hand_over(group_id)


def open_again(group_id: int) -> None:
    """Bring a group back into use. What the replacement has taken over stays there."""
    with unit_of_work() as session:
        lock_stream("setup")
        group = session.get_one(Group, group_id)
        group.active, group.replacement_id = True, None


def unfinished() -> list[int]:
    """Closed groups that still have cases: whoever moved them was stopped."""
    left = exists().where(Case.group_id == Group.id)
    closed = select(Group.id).where(~Group.active, Group.replacement_id.is_not(None), left)
    return list(db.session().scalars(closed.order_by(Group.id)))


def hand_over(group_id: int) -> None:
    """Move the cases of a closed group, one at a time: others who write wait no longer than that."""
    query = select(Case.id).where(Case.group_id == group_id).order_by(Case.id).limit(_AT_ONCE)
    while case_ids := db.session().scalars(query).all():
        for case_id in case_ids:
            if not _hand_over(case_id, group_id):
                return


def _hand_over(case_id: int, group_id: int) -> bool:
    """Move one case, unless it has moved meanwhile; tells whether the group is still closed."""
    with unit_of_work() as session:
        case, group = lock_case(case_id), session.get_one(Group, group_id)
        if group.replacement_id is None:
            return False
        if case.group_id == group_id:
            case.group_id = group.replacement_id
            record(case, EventKind.GROUP_CHANGED, SYSTEM, group=group.replacement_id)
        return True


def _move_members(group_id: int, replacement_id: int) -> None:
    """Whoever saw the group by access goes on seeing its cases, with the icons that they had there."""
    session = db.session()
    member = select(AgentGroup.agent_id)
    there = set(session.scalars(member.where(AgentGroup.group_id == replacement_id)))
    newcomers = set(session.scalars(member.where(AgentGroup.group_id == group_id))) - there
    off = select(ChannelOff).where(ChannelOff.group_id == group_id, ChannelOff.agent_id.in_(newcomers))
    for icon in session.scalars(off):
        session.add(ChannelOff(agent_id=icon.agent_id, group_id=replacement_id, family=icon.family))
    for agent_id in newcomers:
        session.add(AgentGroup(agent_id=agent_id, group_id=replacement_id))
        note_agent(agent_id)


def _checked_name(name: str) -> str:
    wanted = one_line(name, longest=120)
    if not wanted:
        raise InvalidInput("name", N_("Enter a name."))
    return wanted
