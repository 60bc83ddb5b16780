"""Migrations lead from nothing to the models and back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Connection, inspect, text

from channels.base import Receipt
from config import Settings
from extensions import db
from models import Access, Agent, OutboxItem, StatusKind
from processes.migration import MIGRATIONS, attach_commands
from services.attendance import statuses
from services.conversations import attachments, chats
from services.exchange import outbox
from services.team import groups
from tests import databases
from tests import factories as make
from tests.opening import opened

Shape = dict[str, Any]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An app whose database is empty."""
    given = {"DATA_DIR": str(tmp_path)}
    with databases.empty(tmp_path) as database, opened(Settings.from_environ(given | database)) as app:
        attach_commands(app)
        yield app


def shape() -> Shape:
    """Everything in the database that a query or a constraint can depend on."""
    with db.engine.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        return {name: shape_of(connection, name) for name in names}


def shape_of(connection: Connection, table: str) -> Shape:
    found = inspect(connection)
    columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(table)}
    return {
        "columns": columns,
        "primary key": found.get_pk_constraint(table),
        "foreign keys": sorted(found.get_foreign_keys(table), key=str),
        "unique": sorted(found.get_unique_constraints(table), key=str),
        "indexes": sorted(map(index, found.get_indexes(table))),
    }


def index(found: Any) -> tuple[str, str, bool, str]:  # noqa: ANN401  a reflected index
    where = found.get("dialect_options", {}).get(f"{db.engine.dialect.name}_where", "")
    return found["name"], ", ".join(found["column_names"]), bool(found["unique"]), str(where)


def test_upgrading_from_nothing_makes_what_the_models_say(app: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    check(directory=MIGRATIONS)
    migrated = shape()
    downgrade(directory=MIGRATIONS, revision="base")
    db.create_all()
    assert migrated == shape()


def test_downgrading_leaves_nothing_and_upgrading_again_works(app: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    first = shape()
    downgrade(directory=MIGRATIONS, revision="base")
    assert shape() == {}
    upgrade(directory=MIGRATIONS)
    assert shape() == first


def test_an_agent_from_before_there_were_statuses_is_online_with_their_next_sign_in(app: Flask) -> None:
    upgrade(directory=MIGRATIONS, revision="0001")
    columns = "email, name, password_hash, is_admin, active, language, theme, session_version, created_at"
    values = "'ann@desk.example', 'Ann', '', false, true, '', 'auto', 1, '2026-01-01 00:00:00'"
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO agent ({columns}) VALUES ({values})"))
    upgrade(directory=MIGRATIONS)
    ann = db.session.scalars(db.select(Agent)).one()
    assert (statuses.of(ann).kind, ann.access) == (StatusKind.OFFLINE, Access.FULL)
    statuses.begin(ann.id)
    assert statuses.of(ann).kind == StatusKind.ONLINE


def test_what_was_owed_before_there_were_parts_says_what_is_sent(app: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    groups.create(name="Support")
    case, ann = make.chat(channel=make.chatra()), make.agent()
    paper = attachments.store([attachments.Upload("a.txt", io.BytesIO(b"plain words"))])
    for words, files in (("one", []), ("two", paper)):
        chats.reply(case.id, ann, words, files=files)
    item = outbox.claim(case.stream)
    assert item is not None
    outbox.settle(item.id, Receipt("m1"))
    db.session.remove()
    downgrade(directory=MIGRATIONS, revision="0007")
    upgrade(directory=MIGRATIONS)
    owed = db.session.scalars(db.select(OutboxItem).order_by(OutboxItem.id)).all()
    assert [(item.text, item.external_id) for item in owed] == [("one", "m1"), ("two", "")]
    assert [item.files for item in owed] == [[], [paper[0].public_id]]


def test_upgrading_what_is_up_to_date_changes_nothing(app: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    first = shape()
    upgrade(directory=MIGRATIONS)
    assert shape() == first


@pytest.mark.sqlite("PRAGMA")
def test_sqlite_watches_foreign_keys_again_after_a_migration(app: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    assert db.session.scalar(text("PRAGMA foreign_keys")) == 1


def test_history_is_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [revision.down_revision for revision in revisions] == [*(later.revision for later in revisions[1:]), None]
