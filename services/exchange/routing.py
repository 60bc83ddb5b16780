"""Routing: which of the desk's groups gets a vendor's chats, by the vendor's own group (chatra.md §6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, or_, select

from extensions import db
from models import Case, Channel, Event, EventKind, Group
from services.events import SYSTEM
from services.uow import record

from . import channel_settings

_DECIDED = (EventKind.CHAT_TAKEN, EventKind.CHAT_TRANSFERRED, EventKind.CHAT_REACTIVATED)


def group_of_new(channel: Channel, vendor_group: str) -> int:
    """The group that gets a new chat: the one that the vendor's is mapped to, else the channel's own.

    Args:
        channel: where it began.
        vendor_group: the vendor's id of its group, empty where it named none.
    """
    return _mapped(channel, vendor_group) or channel.group_id


def follow(channel: Channel, case: Case | None, vendor_group: str) -> None:
    """Let a chat go over to the group that the vendor names only now; part of a unit of work that has locked the case.

    A chat that somebody has, had or moved stays where it is, and so does one that began again.
    """
    if case is None or not case.active or case.fixated_to_id or case.assignee_id:
        return
    if channel_settings.of(channel).routes.get(vendor_group) in (None, case.group_id):
        return
    group_id = _mapped(channel, vendor_group)
    if group_id is None or group_id == case.group_id or _is_decided(case):
        return
    case.group_id, case.passed_over = group_id, []
    record(case, EventKind.GROUP_CHANGED, SYSTEM, group=group_id)


def has_begun_since(channel: Channel, customer_id: int, told_at: datetime) -> bool:
    """Whether a chat has begun since the vendor told of this customer, and might have to go to another group for it."""
    if not channel_settings.of(channel).routes:
        return False
    theirs = (Case.channel_id == channel.id, Case.customer_id == customer_id)
    return bool(db.session().scalar(select(exists().where(*theirs, Case.active, Case.created_at > told_at))))


def _mapped(channel: Channel, vendor_group: str) -> int | None:
    """The group that the vendor's is mapped to, or which took over from that one; None where there is none in use."""
    group_id = channel_settings.of(channel).routes.get(vendor_group)
    seen = set[int]()
    while group_id is not None and group_id not in seen:
        group = db.session().get(Group, group_id)
        if group is None or group.active:
            return None if group is None else group.id
        seen.add(group_id)
        group_id = group.replacement_id
    return None


def _is_decided(case: Case) -> bool:
    """Whether an agent has had the chat or moved it, or it is one that began again."""
    moved = and_(Event.kind == EventKind.GROUP_CHANGED, Event.actor != SYSTEM)
    decided = or_(Event.kind.in_(_DECIDED), moved)
    return bool(db.session().scalar(select(exists().where(Event.case_id == case.id, decided))))
