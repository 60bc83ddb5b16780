"""What decides who sees a case, as plain data: so that whoever has lost sight of one can be told."""

from __future__ import annotations

from dataclasses import dataclass

from models import Case

DECIDING = (Case.group_id, Case.active, Case.assignee_id, Case.fixated_to_id)


@dataclass(frozen=True)
class Sight:
    """What access to a case is decided by."""

    family: str
    group_id: int
    active: bool
    assignee_id: int | None
    fixated_to_id: int | None


def of(case: Case) -> Sight:
    """What access to this case is decided by now."""
    return Sight(case.channel.family, case.group_id, case.active, case.assignee_id, case.fixated_to_id)
