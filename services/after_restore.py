"""After a restore: what was withdrawn since the backup stays withdrawn, and vendors are told anew who is there."""

from __future__ import annotations

from sqlalchemy import delete, update

from models import PasswordLink, Presence

from . import clock
from .signing_in import sign_ins
from .team import invitations
from .uow import unit_of_work


def begin_anew() -> None:
    """Sign everybody out, drop links that were not used yet, and take what vendors show of agents for unknown.

    A browser that was signed out, a link that was used or taken back and an agent who was shown as away may all stand
    otherwise in the backup.
    """
    with unit_of_work() as session:
        sign_ins.end_everywhere()
        session.execute(delete(PasswordLink))
        for invitation in invitations.waiting():
            session.delete(invitation)
        session.execute(update(Presence).values(told=None, due_at=clock.now(), claimed_until=None))
