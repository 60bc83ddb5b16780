"""Units of work: the only way to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, object_session

from extensions import db
from models import Agent, Case, Channel, Event, EventKind, Stream
from models.base import Model

from . import audit, clock, sight
from .errors import CaseNotFound
from .events import Work, new_event

_WORK = "deskbell.work"


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One write transaction; a nested one joins the outer.

    It takes SQLite's write lock at once, so that nothing read inside can go stale. What it recorded is announced
    after the commit. Raises `RuntimeError` when something was changed outside of any unit of work.
    """
    session = db.session()
    if _WORK in session.info:
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes outside a unit of work")
    session.rollback()
    session.expire_all()
    session.connection(execution_options={"writes": True})
    work = session.info[_WORK] = Work()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.info[_WORK]
    work.announce()


def record(case: Case, kind: EventKind, actor: str, **data: Any) -> Event:  # noqa: ANN401  JSON values
    """Bump the case's revision and note what happened at it; told to everyone after the commit."""
    session = db.session()
    case.rev += 1
    happened = new_event(case, kind, actor, **data)
    session.add(happened)
    session.info[_WORK].events.append(happened)
    return happened


def record_untold(case: Case, kind: EventKind, actor: str, **data: Any) -> None:  # noqa: ANN401  JSON values
    """Note what happened to one of very many cases without telling anyone: the pages catch up in the end."""
    session = db.session()
    record(case, kind, actor, **data).published_at = clock.now()
    work = session.info[_WORK]
    work.events.pop()
    work.before.pop(case.id, None)


def ring_after_commit(queue: str, stream: str) -> None:
    """Have the stream's doorbell rung once this unit of work is committed."""
    rings = db.session().info[_WORK].rings
    if (queue, stream) not in rings:
        rings.append((queue, stream))


def note_agent(agent_id: int) -> None:
    """Have everyone who depends on this agent's status, connection or access told once this is committed."""
    db.session().info[_WORK].agents.add(agent_id)


def note_signed_out(key: str) -> None:
    """Have the pages of the browser with this sign-in told once this is committed that it has ended."""
    db.session().info[_WORK].signed_out.add(key)


def insert_if_new(model: type[Model], values: dict[str, Any]) -> bool:
    """Insert a row unless one of its unique keys exists; tells whether it did."""
    session = db.session()
    statement = _insert_if_new(session.get_bind().dialect.name, model)
    return bool(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]


@cache
def _insert_if_new(dialect: str, model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """The statement without its values, built once: a webhook has little else to wait for."""
    build = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = build(model.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    # Where the database gives back the new key, the number of rows is gone with the cursor that brought it.
    return statement.execution_options(preserve_rowcount=True)


def lock_stream(key: str) -> bool:
    """Keep every other unit of work out of this conversation until ours ends.

    Tells whether there was anything to lock: on SQLite the unit of work keeps all others out from its beginning.
    """
    if db.session().get_bind().dialect.name == "sqlite":
        return False
    insert_if_new(Stream, {"key": key})
    db.session().execute(select(Stream.key).where(Stream.key == key).with_for_update()).one()
    return True


def lock_agent(agent_id: int) -> Agent:
    """The agent, locked and fresh. Whoever locks a case, too, locks that first."""
    fresh = select(Agent).where(Agent.id == agent_id).with_for_update(of=Agent, key_share=True)
    return db.session().scalars(fresh.execution_options(populate_existing=True)).one()


def lock_in_order(model: type[Model], *which: ColumnElement[bool]) -> None:
    """Lock rows by their key, before one statement changes them all.

    A statement takes rows in the order in which it comes across them; two that meet the same ones could wait for
    each other.
    """
    key = inspect(model).primary_key
    rows = select(*key).where(*which).order_by(*key).with_for_update(key_share=True)
    db.session().execute(rows).all()


def lock_channel(channel_id: int, *, readdress: bool = False) -> Channel:
    """The channel, locked and fresh. Whoever locks a case, too, locks that first.

    Args:
        channel_id: the channel.
        readdress: because the address of its hook, which is unique, changes: keeps out all who refer to the channel.
    """
    fresh = select(Channel).where(Channel.id == channel_id).with_for_update(of=Channel, key_share=not readdress)
    return db.session().scalars(fresh.execution_options(populate_existing=True)).one()


def lock_case(case_id: int) -> Case:
    """The case, locked in its conversation and fresh. Raises `CaseNotFound`."""
    session = db.session()
    case = session.get(Case, case_id)
    if case is None:
        raise CaseNotFound(case_id)
    if not lock_stream(case.stream):
        return case
    fresh = select(Case).where(Case.id == case_id).with_for_update(of=Case)
    return session.scalars(fresh.execution_options(populate_existing=True)).one()


def _note_before(case: Case, value: object, present: object, _initiator: object) -> None:
    """Note how a case stood before anything that decides who sees it is overwritten."""
    session = object_session(case)
    work = session.info.get(_WORK) if session is not None else None
    if work is None or value == present or case.id is None or case.id in work.before:
        return
    with db.session().no_autoflush:
        work.before[case.id] = sight.of(case)


for _attribute in sight.DECIDING:
    event.listen(_attribute, "set", _note_before, active_history=True)

event.listen(Session, "after_flush", audit.write_down)
