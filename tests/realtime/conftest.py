"""A running desk for all tests of sockets, and the people around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.opening import opened
from tests.realtime.desk import People, WholeDesk, whole_desk


@pytest.fixture(scope="session")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDesk]:
    """One desk for all tests that leave it as it was."""
    with whole_desk(tmp_path_factory.mktemp("desk"), WS_CAP="12") as desk:
        yield desk


@pytest.fixture
def desk(shared_desk: WholeDesk) -> WholeDesk:
    """The desk of this test; modules whose tests harm it start one of their own."""
    return shared_desk


@pytest.fixture
def desk_app(desk: WholeDesk) -> Iterator[Flask]:
    """An app in the test's process on the running desk's data."""
    with opened(desk.settings) as app:
        yield app


@pytest.fixture
def people(desk: WholeDesk, desk_app: Flask) -> Iterator[People]:
    """Agents and customers of the running desk; they leave at the end."""
    people = People(desk, desk_app)
    yield people
    people.leave()
