"""The line: chats that nobody has in groups that give them away, the longest waiting first (product.md §2.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from extensions import db
from models import Case, Channel, Customer, Distribution, Group
from services.uow import ring_after_commit

QUEUE, STREAM = "giving", "desk"
MOST = 2000


@dataclass(frozen=True)
class InLine:
    """A chat that waits. `place` is the chat's in its group, from 1; `customer` the public id of who waits there."""

    case_id: int
    group_id: int
    distribution: Distribution
    passed_over: Sequence[int]
    family: str
    channel_kind: str
    customer: str
    place: int


_WAITS = and_(Case.active, Case.fixated_to_id.is_(None))
_GIVEN_AWAY = Group.distribution != Distribution.NONE
_LINE = (
    select(
        Case.id,
        Case.group_id,
        Group.distribution,
        Case.passed_over,
        Channel.family,
        Channel.kind,
        Customer.public_id,
    )
    .join(Group, Group.id == Case.group_id)
    .join(Channel, Channel.id == Case.channel_id)
    .join(Customer, Customer.id == Case.customer_id)
    .where(_WAITS, _GIVEN_AWAY)
    .order_by(Case.started_at, Case.id)
    .limit(MOST)
)


def look_again() -> None:
    """Have somebody look once this unit of work is committed who may be given a chat now."""
    ring_after_commit(QUEUE, STREAM)


def is_kept() -> bool:
    """Whether any group gives its chats away."""
    return db.session().scalar(select(exists().where(_GIVEN_AWAY))) is True


def everyone() -> list[InLine]:
    """Who waits, in all groups, the longest waiting first."""
    before: Counter[int] = Counter()
    line = []
    for case_id, group_id, distribution, passed_over, family, kind, customer in db.session().execute(_LINE):
        before[group_id] += 1
        line.append(
            InLine(
                case_id,
                group_id,
                Distribution(distribution),
                tuple(passed_over),
                family,
                kind,
                customer,
                place=before[group_id],
            )
        )
    return line


def place(case: Case | None) -> int:
    """Where a chat stands in its group's line, from 1; 0 for one that does not wait in any."""
    if case is None or not case.active or case.fixated_to_id is not None:
        return 0
    group = (Group.id == Case.group_id, Group.id == case.group_id)
    waits = select(func.count(Case.id)).join(Group, and_(*group)).where(_WAITS, _GIVEN_AWAY, _not_behind(case))
    return db.session().scalar(waits) or 0


def _not_behind(case: Case) -> ColumnElement[bool]:
    same_moment = and_(Case.started_at == case.started_at, Case.id <= case.id)
    return or_(Case.started_at < case.started_at, same_moment)
