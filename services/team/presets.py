"""What roles and invitations say for later: brought up to date where a group that they name is closed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from extensions import db
from models import Invitation, Role

from . import access_levels


def move_group(group_id: int, replacement_id: int) -> None:
    """Roles and open invitations name the replacement from now on; part of the unit of work that closes the group."""
    session = db.session()
    open_ones = select(Invitation).where(Invitation.accepted_at.is_(None))
    for preset in (*session.scalars(select(Role)), *session.scalars(open_ones)):
        level = access_levels.from_json(preset.level)
        if group_id in level.groups:
            groups = {one: families for one, families in level.groups.items() if one != group_id}
            groups.setdefault(replacement_id, level.groups[group_id])
            preset.level = access_levels.as_json(replace(level, groups=groups))
