"""The audit log: what changes in the settings is written down by itself, with who, what, from and to; no secret is."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, event

import services
from extensions import db
from models import Access, Agent, AuditEntry, Channel, Role, Setting
from services import audit, audit_log, clock, retention, settings
from services.attendance import statuses
from services.audit import AUDITED
from services.conversations import chats
from services.exchange import channels, widgets
from services.settings import ChatSettings
from services.team import access_levels, groups, staffing
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make

Change = tuple[str, str, Any, Any]


@pytest.fixture
def boss(app: Flask) -> Iterator[Agent]:
    """An administrator, who does what follows."""
    boss = make.agent("Boss", admin=True)
    audit.by(boss.name, boss.id)
    yield boss
    audit.by(audit.SYSTEM)


@pytest.fixture
def ann(boss: Agent) -> Agent:
    ann = make.agent("Ann")
    forget()
    return ann


def forget() -> None:
    with unit_of_work() as session:
        session.execute(db.delete(AuditEntry))


def written() -> list[Change]:
    """What stands in the log, oldest first."""
    db.session.rollback()
    entries = db.session.scalars(db.select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.what, entry.field, entry.before, entry.after) for entry in entries]


def changed(ann: Agent, **changes: Any) -> None:  # noqa: ANN401  fields of a form
    """What the form of an agent does."""
    staffing.change(ann.id, **{"name": "Ann", "email": ann.email, "is_admin": False, "level": Level(), **changes})


def test_who_changed_what_of_whom_from_what_to_what_is_written_with_the_change(boss: Agent, ann: Agent) -> None:
    changed(ann, name="Anna", is_admin=True)
    assert sorted(written()) == [("Anna", "is_admin", False, True), ("Anna", "name", "Ann", "Anna")]
    entry = audit_log.entries().entries[0]
    assert (entry.agent_id, entry.by, entry.kind, entry.thing_id) == (boss.id, "Boss", "agent", ann.id)
    assert clock.now() - entry.created_at < timedelta(minutes=1)


def test_what_stays_as_it_was_is_not_written(ann: Agent) -> None:
    changed(ann)
    settings.change_chats(ChatSettings())
    assert written() == []


def test_a_change_that_fails_leaves_no_trace(ann: Agent) -> None:
    with pytest.raises(RuntimeError):
        rename_and_fail(ann)
    assert written() == []


def rename_and_fail(ann: Agent) -> None:
    with unit_of_work() as session:
        session.get_one(Agent, ann.id).name = "Anna"
        session.flush()
        raise RuntimeError


def test_a_value_that_was_not_loaded_is_known_all_the_same(ann: Agent) -> None:
    with unit_of_work() as session:
        session.expire(ann)
        ann.name = "Anna"
    assert written() == [("Anna", "name", "Ann", "Anna")]


def test_a_level_is_one_change(ann: Agent) -> None:
    sales = groups.named("Sales")
    forget()
    changed(ann, level=Level(Access.GROUPS, {sales.id: ["live_chat"]}))
    before = {"access": "full", "groups": {}, "without": []}
    after = {"access": "groups", "groups": {str(sales.id): ["live_chat"]}, "without": []}
    assert written() == [("Ann", "level", before, after)]


def test_whoever_follows_a_closed_group_elsewhere_gets_a_new_level(ann: Agent) -> None:
    sales, support = groups.named("Sales"), groups.first()
    access_levels.give(ann.id, Level(Access.GROUPS, {sales.id: ["live_chat"]}))
    with unit_of_work():
        make.website().group_id = sales.id
    forget()
    groups.close(sales.id, support.id)
    told = {(what, field): after for what, field, _, after in written()}
    assert told["Ann", "level"]["groups"] == {str(sales.id): ["live_chat"], str(support.id): ["live_chat"]}
    assert told["Sales", "replacement_id"] == support.id
    assert told["Website chat", "group_id"] == support.id


def test_what_is_new_is_written_once_with_all_that_it_is(boss: Agent) -> None:
    forget()
    sales = groups.create(name="Sales", from_name="Lantern")
    (entry,) = audit_log.entries(kind="group").entries
    assert (entry.thing_id, entry.what, entry.field, entry.before) == (sales.id, "Sales", "created", None)
    assert (entry.after["name"], entry.after["from_name"]) == ("Sales", "Lantern")


def test_what_is_deleted_is_written_with_what_it_was(boss: Agent) -> None:
    with unit_of_work() as session:
        role = Role(name="First line", level={}, signature="")
        session.add(role)
    forget()
    with unit_of_work() as session:
        session.delete(role)
    assert written() == [("First line", "deleted", {"name": "First line", "is_admin": False, "level": {}}, None)]


def test_of_a_setting_each_value_is_told_and_the_first_change_comes_from_the_default(boss: Agent) -> None:
    forget()
    settings.change_chats(ChatSettings(silence_minutes=7, warning_minutes=1))
    settings.change_chats(ChatSettings(silence_minutes=5, warning_minutes=1))
    assert written() == [
        ("chats", "silence_minutes", 10, 7),
        ("chats", "warning_minutes", 2, 1),
        ("chats", "silence_minutes", 7, 5),
    ]


def test_of_a_setting_that_nobody_has_declared_nothing_is_told_but_that_it_changed(boss: Agent) -> None:
    forget()
    with unit_of_work() as session:
        session.add(Setting(key="vault", value={"word": "hush-hush"}))
    assert written() == [("vault", "value", None, None)]


def test_of_keys_it_is_told_only_that_they_were_changed(boss: Agent) -> None:
    forget()
    chatra = make.chatra()
    channels.replace_credentials(chatra.id, {"public_key": "p", "secret_key": "hush-hush"})
    assert written()[-1] == ("Chatra", "sealed_credentials", None, None)
    assert not [word for word in ("fake-secret-key", "hush-hush", "hash", "token") if word in str(written())]


def test_what_an_agent_chooses_for_themselves_and_what_changes_by_itself_is_not_written(ann: Agent) -> None:
    website = make.website()
    with unit_of_work():
        ann.theme, ann.language, ann.keeps_status = "dark", "ru", True
        website.heard_at = clock.now()
    statuses.choose(ann.id, statuses.choices()[2].id)
    channels.mark_broken(website.id, "It is broken.")
    assert written() == []


def test_the_widget_is_written_too(boss: Agent) -> None:
    forget()
    widgets.change(1, title="Ask us", colour="#0f766e", sites="https://shop.example")
    assert ("Website", "title", "", "Ask us") in written()
    assert ("Website", "allowed_sites", [], ["https://shop.example"]) in written()


def test_where_nobody_is_known_it_was_the_desk_itself(app: Flask) -> None:
    groups.create(name="Sales")
    (entry,) = audit_log.entries(who=audit.SYSTEM).entries[:1]
    assert (entry.agent_id, entry.by) == (None, audit.SYSTEM)


def test_more_can_be_noted_by_name(boss: Agent, ann: Agent) -> None:
    with unit_of_work():
        audit.note("agent", ann.id, ann.name, "password")
    assert written() == [("Ann", "password", None, None)]


def test_the_log_is_read_newest_first_page_by_page_and_by_who_and_what(boss: Agent, ann: Agent) -> None:
    names = [groups.create(name=f"Group {number}").name for number in range(5)]
    audit.by(audit.COMMAND_LINE)
    changed(ann, name="Anna")
    read, after = [], None
    while True:
        page = audit_log.entries(kind="group", who=str(boss.id), after=after, size=2)
        read += [entry.what for entry in page.entries]
        if (after := page.next) is None:
            break
    assert read == names[::-1]
    assert [entry.what for entry in audit_log.entries(who=audit.COMMAND_LINE).entries] == ["Anna"]
    assert audit_log.actors() == {str(boss.id): "Boss", audit.COMMAND_LINE: audit.COMMAND_LINE}


def test_entries_are_kept_for_a_year(boss: Agent, ann: Agent) -> None:
    changed(ann, name="Anna")
    with time_machine.travel(clock.now() + timedelta(days=364), tick=False) as traveller:
        list(retention.retire())
        assert len(written()) == 1
        traveller.shift(timedelta(days=2))
        list(retention.retire())
        assert written() == []


def test_a_chat_costs_no_statement_more_with_it(ann: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make.chat()
    chats.reply(case.id, ann, "Hello")
    with_log = statements(case.id, ann)
    monkeypatch.setattr(audit, "AUDITED", {})
    assert with_log == statements(case.id, ann)
    assert written() == []


def statements(case_id: int, agent: Agent) -> int:
    """How many an answer and a beat of an agent take."""
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    db.session.rollback()
    event.listen(Engine, "before_cursor_execute", count)
    try:
        chats.reply(case_id, agent, "Hello")
        statuses.note_connected([agent.id])
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(seen)


def bulk_statements() -> Iterator[tuple[str, str, set[str]]]:
    """Every `update(Model)…values(…)` and `delete(Model)` of the domain: where, of which model, which fields."""
    for file in sorted(Path(inspect.getfile(services)).parent.rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        for call in calls:
            if isinstance(call.func, ast.Name) and call.func.id in ("update", "delete", "insert_if_new") and call.args:
                model = ast.unparse(call.args[0])
                yield f"{file.name}: {call.func.id}({model})", model, set()
            if isinstance(call.func, ast.Attribute) and call.func.attr == "values":
                model = next((word for word in MODELS if f"update({word})" in ast.unparse(call.func.value)), "")
                yield f"{file.name}: update({model})", model, {str(keyword.arg) for keyword in call.keywords}


MODELS = {model.__name__: audited for model, audited in AUDITED.items()}


def test_no_statement_over_many_rows_passes_by_the_log() -> None:
    found = list(bulk_statements())
    assert any(model == "Agent" for _, model, _ in found)
    passing = [
        where
        for where, model, fields in found
        if model in MODELS
        and ("delete(" in where or fields & {*MODELS[model].fields, *MODELS[model].parts, *MODELS[model].veiled})
    ]
    assert passing == []


def test_every_field_that_is_listed_exists() -> None:
    for model, audited in AUDITED.items():
        columns = {column.key for column in db.inspect(model).column_attrs}
        assert {audited.title, *audited.fields, *audited.parts, *audited.veiled} <= columns


def test_no_field_is_told_that_is_sealed_or_hashed() -> None:
    told = {f"{model.__name__}.{field}" for model, audited in AUDITED.items() for field in audited.fields}
    assert not [field for field in told if any(word in field for word in ("sealed", "hash", "token", "key"))]
    assert "sealed_credentials" in AUDITED[Channel].veiled
