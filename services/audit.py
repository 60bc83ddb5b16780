"""The audit log: who changed what in the settings, from what to what.

Nobody has to remember it: what a unit of work changes in the fields listed here is written down by its flush. What
changes by itself is not listed, and of secrets only that they were changed. Statements that change many rows at once
pass by all this (`update(Agent)`): they leave these fields alone or call `note`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from extensions import db
from models import Agent, AgentStatus, AuditEntry, Channel, Group, Invitation, Role, Setting, Widget
from models.base import Model

from . import clock

# Who changes something, where it is no agent: the desk by itself, somebody who has a link, the operator.
SYSTEM, NOBODY, COMMAND_LINE = "system", "nobody", "command line"
CREATED, DELETED = "created", "deleted"
# Both sides of a change are empty where it may only be told that there was one.
_VEILED = (None, None)
_actor: ContextVar[tuple[str, int | None]] = ContextVar("who changes the settings", default=(SYSTEM, None))
_defaults: dict[str, Mapping[str, Any]] = {}


@dataclass(frozen=True)
class Audited:
    """What is written down of a table: as which kind, under the name that stands in which field, and which fields.

    Of a field in `parts`, a dictionary, each key is a field of its own. Of those in `veiled` nothing is told but that
    they were changed.
    """

    kind: str
    title: str
    fields: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    veiled: tuple[str, ...] = ()


# An agent's level is noted as a whole, where it is given (`services.team.access_levels`).
AUDITED: dict[type[Model], Audited] = {
    Agent: Audited(
        "agent",
        "name",
        ("name", "email", "is_admin", "active", "heir_id", "deleted_at", "role_id", "signature", "capacity"),
        veiled=("avatar",),
    ),
    Group: Audited(
        "group", "name", ("name", "from_name", "active", "distribution", "answer_seconds", "replacement_id")
    ),
    Role: Audited("role", "name", ("name", "is_admin", "level", "signature")),
    Invitation: Audited("invitation", "email", ("email", "name", "is_admin", "role_id", "level", "expires_at")),
    AgentStatus: Audited("status", "name", ("name", "cases", "chats", "returns", "daily_minutes", "active")),
    Channel: Audited(
        "channel",
        "name",
        ("name", "group_id", "disconnected_at"),
        parts=("settings",),
        veiled=("sealed_credentials", "hook_hash"),
    ),
    Widget: Audited("widget", "name", ("name", "title", "colour", "allowed_sites", "when_away")),
    Setting: Audited("setting", "key", parts=("value",)),
}


def by(name: str, agent_id: int | None = None) -> None:
    """From now on, in this request or command, this is who changes the settings; no id for who is no agent."""
    _actor.set((name, agent_id))


def know_setting(key: str, defaults: Mapping[str, Any]) -> None:
    """Tell of a setting that its values may be written down, and what they are before the first change."""
    _defaults[key] = defaults


def known_settings() -> Mapping[str, Mapping[str, Any]]:
    """The defaults of each setting whose values may be written down."""
    return _defaults


def note(
    kind: str,
    thing_id: int | None,
    what: str,
    field: str,
    before: Any = None,  # noqa: ANN401  JSON values
    after: Any = None,  # noqa: ANN401
) -> None:
    """Write down a change as part of the unit of work around it.

    Args:
        kind: of what, such as "agent".
        thing_id: its id.
        what: how it is called.
        field: what of it was changed.
        before: a JSON value; empty on both sides if it is told only that there was a change, as of a password.
        after: the same.
    """
    name, agent_id = _actor.get()
    db.session().add(
        AuditEntry(
            created_at=clock.now(),
            agent_id=agent_id,
            by=name[:120],
            kind=kind,
            thing_id=thing_id,
            what=what[:200],
            field=field,
            before=before,
            after=after,
        )
    )


def write_down(session: Session, _context: UOWTransaction) -> None:
    """After a flush: note what it has changed in the settings (`services.uow` listens)."""
    for thing in (*session.new, *session.dirty, *session.deleted):
        audited = AUDITED.get(type(thing))
        if audited is not None:
            for field, before, after in _changes(session, thing, audited):
                thing_id, what = getattr(thing, "id", None), getattr(thing, audited.title)
                note(audited.kind, thing_id, what, field, _plain(before), _plain(after))


def _changes(session: Session, thing: Model, audited: Audited) -> Iterator[tuple[str, Any, Any]]:
    if thing in session.deleted:
        yield DELETED, _told(thing, audited), None
    elif thing in session.new and not isinstance(thing, Setting):
        yield CREATED, None, _told(thing, audited)
    else:
        for field in (*audited.fields, *audited.parts, *audited.veiled):
            history = inspect(thing).attrs[field].history
            if history.has_changes():
                before = history.deleted[0] if history.deleted else None
                yield from _change(thing, audited, field, before)


def _change(thing: Model, audited: Audited, field: str, before: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    after = getattr(thing, field)
    if field in audited.veiled or (isinstance(thing, Setting) and thing.key not in _defaults):
        yield field, *_VEILED
    elif field in audited.parts:
        known = _defaults[thing.key] if isinstance(thing, Setting) else {}
        before, after = {**known, **(before or {})}, after or {}
        for part in sorted(before.keys() | after.keys()):
            if before.get(part) != after.get(part):
                yield part, before.get(part), after.get(part)
    else:
        yield field, before, after


def _told(thing: Model, audited: Audited) -> dict[str, Any]:
    """What a thing is like that has come or gone."""
    values = {field: getattr(thing, field) for field in audited.fields}
    return {field: _plain(value) for field, value in values.items() if value not in (None, "")}


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON values
    return value.isoformat() if isinstance(value, datetime) else value


def _remember_what_was_there() -> None:
    """Have the value that is overwritten loaded, where it is not: it is the "from" of the entry."""

    def loaded(_thing: object, _value: object, _before: object, _initiator: object) -> None:
        """Being told is enough."""

    for model, audited in AUDITED.items():
        for field in (*audited.fields, *audited.parts):
            event.listen(getattr(model, field), "set", loaded, active_history=True)


_remember_what_was_there()
