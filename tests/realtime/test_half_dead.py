"""R6, the desk's side: a browser whose words no longer arrive is given up, and its place is free again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

import pytest

from tests import factories as make
from tests.network import Way, WeakLink
from tests.processes.running import eventually
from tests.realtime.desk import People, WholeDesk, newcomer, whole_desk
from tests.realtime.listening import CLOSE, PING, PONG, TEXT, Listener

pytestmark = pytest.mark.slow

FOR_CUSTOMERS = 9
NOTICED_WITHIN_SECONDS = 30
BEATS_WITHIN_SECONDS = 16


@pytest.fixture(scope="module")
def small_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDesk]:
    """A desk with ten places, of which the last is kept for agents."""
    with whole_desk(tmp_path_factory.mktemp("small"), WS_CAP="10") as desk:
        yield desk


@pytest.fixture
def desk(small_desk: WholeDesk) -> WholeDesk:
    return small_desk


class Browser(threading.Thread):
    """Does with frames what browsers do: answers pings until the desk ends the connection."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(daemon=True)
        self.listener = listener
        self.heard_at: list[float] = []
        self.start()

    def run(self) -> None:
        """Listen."""
        with self.listener, suppress(OSError):
            while (frame := self.listener.frame()) is not None and frame.first != CLOSE:
                if frame.first == PING:
                    self.listener.say(PONG, frame.payload)
                elif frame.first == TEXT:
                    self.heard_at.append(monotonic())


@pytest.mark.row("R6")
def test_the_desk_gives_up_a_browser_whose_words_do_not_arrive_and_only_that_one(
    people: People, desk: WholeDesk
) -> None:
    case = make.chat(visitor=newcomer())
    path = f"/widget/live?ticket={people.ticket(case)}"
    with WeakLink(desk.port) as link:
        lost = Browser(Listener.knock(link.port, path))
        others = [Browser(people.knock(path)) for _ in range(FOR_CUSTOMERS - 1)]
        assert not people.may_join(path)
        link.swallow(Way.UP)
        since = monotonic()
        lost.join(NOTICED_WITHIN_SECONDS)
        assert monotonic() - since < NOTICED_WITHIN_SECONDS
        assert eventually(lambda: people.may_join(path), seconds=1)
    assert all(other.is_alive() for other in others)
    for other in others:
        beats = [moment for moment in other.heard_at if moment > since]
        assert beats
        assert beats[0] - since < BEATS_WITHIN_SECONDS
