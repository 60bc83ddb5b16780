"""Groups: made, named, closed in favour of another one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import AgentGroup, Channel, ChannelOff, Distribution, Group
from services.distributing import line
from services.errors import N_, InvalidInput
from services.exchange import channel_settings
from services.sanitise import one_line
from services.uow import lock_stream, note_agent, unit_of_work

from . import access_levels, handing_over, presets

LONGEST_ANSWER = 3600


@dataclass(frozen=True)
class Giving:
    """How the chats of a group find an agent.

    `answer_seconds` is for how long one that was given waits for the agent's answer, 0 for as long as they are there.
    """

    distribution: str = Distribution.NONE
    answer_seconds: int = 60

    def check(self) -> None:
        """Raises `InvalidInput` for what a group cannot have."""
        if self.distribution not in list(Distribution):
            raise InvalidInput("distribution", N_("Choose how chats find an agent."))
        if not 0 <= self.answer_seconds <= LONGEST_ANSWER:
            raise InvalidInput("answer_seconds", N_("Choose between 0 and %(most)s seconds."), most=LONGEST_ANSWER)


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
        _refuse_twin(wanted)
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


def change(group_id: int, *, name: str, from_name: str, giving: Giving | None = None) -> None:
    """Keep a group's names and, if `giving` says so, how its chats find an agent.

    Raises:
        InvalidInput: the name is empty or another group's, no such distribution, or seconds out of range.
    """
    wanted = _checked_name(name)
    if giving is not None:
        giving.check()
    with unit_of_work() as session:
        lock_stream("setup")
        _refuse_twin(wanted, but=group_id)
        group = session.get_one(Group, group_id)
        group.name, group.from_name = wanted, one_line(from_name, longest=120)
        if giving is not None:
            group.distribution, group.answer_seconds = giving.distribution, giving.answer_seconds
            line.look_again()


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
        for channel in session.scalars(select(Channel).where(Channel.group_id == group_id)):
            channel.group_id = replacement_id
        _move_members(group_id, replacement_id)
        presets.move_group(group_id, replacement_id)
        channel_settings.move_group(group_id, replacement_id)
        handing_over.ring_for_group(group_id)


def open_again(group_id: int) -> None:
    """Bring a group back into use. What the replacement has taken over stays there."""
    with unit_of_work() as session:
        lock_stream("setup")
        group = session.get_one(Group, group_id)
        group.active, group.replacement_id = True, None


def _move_members(group_id: int, replacement_id: int) -> None:
    """Whoever saw the group by access goes on seeing its cases, with the icons that they had there."""
    session = db.session()
    member = select(AgentGroup.agent_id)
    there = set(session.scalars(member.where(AgentGroup.group_id == replacement_id)))
    newcomers = set(session.scalars(member.where(AgentGroup.group_id == group_id))) - there
    query = select(ChannelOff.agent_id, ChannelOff.family)
    off = session.execute(query.where(ChannelOff.group_id == group_id, ChannelOff.agent_id.in_(newcomers))).all()
    for agent_id in newcomers:
        with access_levels.noted(agent_id):
            session.add(AgentGroup(agent_id=agent_id, group_id=replacement_id))
            icons = [family for whose, family in off if whose == agent_id]
            session.add_all(ChannelOff(agent_id=agent_id, group_id=replacement_id, family=family) for family in icons)
        note_agent(agent_id)


def _refuse_twin(name: str, *, but: int | None = None) -> None:
    """Names that differ in capitals only would be told apart by nobody."""
    others = db.session().scalars(select(Group.name).where(Group.id.is_distinct_from(but)))
    if name.casefold() in map(str.casefold, others):
        raise InvalidInput("name", N_("A group with this name exists already."))


def _checked_name(name: str) -> str:
    wanted = one_line(name, longest=120)
    if not wanted:
        raise InvalidInput("name", N_("Enter a name."))
    return wanted
