"""A desk with many sockets: its pages work, and when it stops, every browser is told to come back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests import factories as make
from tests.processes.running import gone
from tests.realtime.desk import People, WholeDesk, newcomer, whole_desk

pytestmark = pytest.mark.slow

SERVICE_RESTART = 1012
# Without good-byes gunicorn waits for its sockets, ten seconds.
SOON = 8.0
# More than the database's pool has connections: 5 and 10 that may overflow.
MANY = 25


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[WholeDesk]:
    with whole_desk(tmp_path, WS_CAP="40") as desk:
        yield desk


def test_more_sockets_than_the_database_has_connections_do_not_starve_the_pages(
    people: People, desk: WholeDesk
) -> None:
    agent = make.agent()
    cookie = people.cookie(agent)
    for _ in range(MANY):
        people.knock("/live", Cookie=cookie, Origin=desk.origin)
    assert [desk.page(path, cookie=cookie) for path in ("/chats", "/cases", "/profile")] == [200] * 3


@pytest.mark.row("R4")
def test_every_socket_is_closed_with_a_code_that_browsers_come_back_from_and_the_desk_is_gone_soon(
    people: People, desk: WholeDesk
) -> None:
    agents = [people.agent() for _ in range(5)]
    customers = [people.customer(make.chat(visitor=newcomer())) for _ in range(5)]
    processes, began = desk.processes(), monotonic()
    desk.process.send_signal(signal.SIGTERM)
    assert [listener.close_code() for listener in agents + customers] == [SERVICE_RESTART] * 10
    assert desk.process.wait(20) == 0
    assert monotonic() - began < SOON
    assert gone(processes)


def test_a_browser_that_does_not_answer_the_good_bye_does_not_hold_up_the_end(people: People, desk: WholeDesk) -> None:
    people.agent()
    silent = people.agent()
    began = monotonic()
    desk.process.send_signal(signal.SIGTERM)
    assert desk.process.wait(20) == 0
    assert monotonic() - began < SOON
    assert silent.close_code() == SERVICE_RESTART
