"""Sign-ins: the browsers in which agents are signed in.

The row is the truth. A browser's cookie names it and opens nothing once it has ended, however late it comes.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.orm import contains_eager

from extensions import db
from models import Agent, PushSubscription, SignIn
from models.base import public_id
from services import audit, clock
from services.attendance import statuses
from services.errors import Forbidden
from services.sanitise import one_line
from services.uow import note_signed_out, unit_of_work

# Writing down each request would have every page wait for the disk.
_SEEN_AGAIN_AFTER = timedelta(minutes=10)


def begin(agent: Agent, *, browser: str, address: str) -> SignIn:
    """Sign an agent in who has just shown who they are.

    Args:
        agent: who was recognised, as they were at that moment.
        browser: what it says of itself.
        address: where it asks from.

    Raises:
        Forbidden: the agent was disabled or got another password meanwhile.
    """
    shown_by = agent.password_hash
    with unit_of_work() as session:
        agent = session.get_one(Agent, agent.id, with_for_update={"key_share": True}, populate_existing=True)
        if not agent.active or agent.password_hash != shown_by:
            raise Forbidden
        statuses.begin(agent.id)
        now = clock.now()
        sign_in = SignIn(key=public_id(), agent=agent, began_at=now, seen_at=now)
        sign_in.browser, sign_in.address = one_line(browser, longest=300), address[:45]
        session.add(sign_in)
        session.flush()
        return sign_in


def with_key(key: str) -> SignIn | None:
    """The sign-in of that key with its agent, if it has not ended; in one statement, for every request asks."""
    return db.session().scalar(
        select(SignIn).join(SignIn.agent).where(_holds(key)).options(contains_eager(SignIn.agent))
    )


def still_holds(key: str) -> bool:
    """Whether the sign-in has not ended until now, whatever this request has seen before."""
    db.session().rollback()
    return bool(db.session().scalar(select(exists().where(SignIn.agent_id == Agent.id, _holds(key)))))


def ended_among(keys: Set[str]) -> set[str]:
    """Those of these keys that open nothing any more."""
    good = select(SignIn.key).join(SignIn.agent).where(SignIn.key.in_(keys), SignIn.ended_at.is_(None), Agent.active)
    return set(keys - set(db.session().scalars(good))) if keys else set()


def of_agent(agent_id: int) -> list[SignIn]:
    """Where an agent is signed in, seen last first."""
    theirs = select(SignIn).where(SignIn.agent_id == agent_id, SignIn.ended_at.is_(None))
    return list(db.session().scalars(theirs.order_by(SignIn.seen_at.desc(), SignIn.id.desc())))


def note_seen(sign_in: SignIn, address: str) -> bool:
    """The browser has just asked for something; written down at most every ten minutes. Tells whether it was."""
    now = clock.now()
    if sign_in.seen_at > now - _SEEN_AGAIN_AFTER:
        return False
    with unit_of_work() as session:
        seen = update(SignIn).where(SignIn.id == sign_in.id)
        session.execute(seen.values(seen_at=now, address=address[:45]))
    return True


def end(sign_in_id: int) -> None:
    """Sign out of a browser; its pages hear of it at once."""
    _end(SignIn.id == sign_in_id)


def end_all(agent_id: int, *, but: int | None = None) -> None:
    """Sign all of the agent's browsers out, except for the one whose sign-in has the id `but`."""
    _end(SignIn.agent_id == agent_id, SignIn.id != (but or 0))


def end_everywhere() -> None:
    """Sign everybody out of all browsers."""
    _end()


def revoke(agent: Agent, sign_in_id: int) -> None:
    """Sign one of the agent's browsers out from another one."""
    with unit_of_work():
        _note(agent, _end(SignIn.agent_id == agent.id, SignIn.id == sign_in_id))


def revoke_others(agent: Agent, *, here: int) -> None:
    """Sign all of the agent's browsers out but the one whose sign-in has the id `here`."""
    with unit_of_work():
        _note(agent, _end(SignIn.agent_id == agent.id, SignIn.id != here))


def _note(agent: Agent, ended: int) -> None:
    if ended:
        audit.note("agent", agent.id, agent.name, "sign_ins", before=ended, after=0)


def _end(*which: ColumnElement[bool]) -> int:
    """End those sign-ins that have not; tells how many that were."""
    with unit_of_work() as session:
        ended = session.scalars(select(SignIn).where(SignIn.ended_at.is_(None), *which)).all()
        for sign_in in ended:
            sign_in.ended_at = clock.now()
            note_signed_out(sign_in.key)
        # Nobody is signed in there who should be woken.
        ids = [sign_in.id for sign_in in ended]
        session.execute(delete(PushSubscription).where(PushSubscription.sign_in_id.in_(ids)))
        return len(ended)


def _holds(key: str) -> ColumnElement[bool]:
    return and_(SignIn.key == key, SignIn.ended_at.is_(None), Agent.active)
