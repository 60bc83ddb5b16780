"""What is asked often is found by an index that holds little else: not by reading all that was ever said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from extensions import db
from services import clock
from services.conversations import cases
from services.exchange import breaker, channel_states, inbox, outbox
from services.uow import unit_of_work
from tests import factories as make

pytestmark = pytest.mark.sqlite("the other database decides by what its tables hold")

Work = Callable[[], object]


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """All statements meanwhile, with their parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def used(table: str, work: Work) -> set[str]:
    """How the work finds rows of the table: the indexes' names, or how SQLite says that it reads everything."""
    with asked() as statements:
        work()
    steps = [
        row[-1]
        for statement, parameters in statements
        if statement.startswith(("SELECT", "UPDATE"))
        for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    return {step.partition("INDEX ")[2].split(" ")[0] or step for step in steps if f" {table} " in f"{step} "}


def hurried(channel_id: int) -> Work:
    def work() -> None:
        with unit_of_work():
            breaker.hurry(channel_id)

    return work


def test_deliveries_that_wait(app: Flask) -> None:
    channel = make.chatra()
    assert used("inbox_item", lambda: inbox.next_pending("channel:1:x")) == {"ix_inbox_item_pending"}
    assert used("inbox_item", inbox.stale_streams) == {"ix_inbox_item_unapplied"}
    assert used("inbox_item", lambda: channel_states.waiting(channel.id)) == {"ix_inbox_item_unapplied"}
    assert used("inbox_item", lambda: inbox.set_aside(channel.id)) == {"ix_inbox_item_aside"}


def test_answers_that_wait(app: Flask) -> None:
    channel = make.chatra()
    assert used("outbox_item", lambda: outbox.claim("channel:1:x")) == {"ix_outbox_item_owed"}
    assert used("outbox_item", lambda: channel_states.waiting(channel.id)) == {"ix_outbox_item_unsettled"}
    assert used("outbox_item", hurried(channel.id)) == {"ix_outbox_item_unsettled"}
    by_key = "SEARCH outbox_item USING INTEGER PRIMARY KEY (rowid=?)"
    assert used("outbox_item", lambda: outbox.due_streams(clock.now())) == {"ix_outbox_item_owed", by_key}


def test_cases_of_one_connection(app: Flask) -> None:
    ann, wanted = make.agent(admin=True), cases.Wanted(channel_id=make.chatra().id)
    assert used("case", lambda: cases.ended(ann, wanted, size=60)) == {"ix_case_list_of_channel"}
