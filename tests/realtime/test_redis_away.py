"""Redis holds no truth: what was said while it was away is stored, and shown once it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from sqlalchemy import select

from extensions import db
from models import Case, Event
from services.conversations import chats, messages
from tests import factories as make
from tests.processes.running import eventually
from tests.realtime.desk import People, WholeDesk, newcomer, whole_desk

pytestmark = pytest.mark.slow

RESYNC = '{"resync": true}'


@pytest.fixture(scope="module")
def harmed_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeDesk]:
    """A desk whose Redis dies in every test."""
    with whole_desk(tmp_path_factory.mktemp("harmed"), WS_CAP="12") as desk:
        yield desk


@pytest.fixture
def desk(harmed_desk: WholeDesk) -> WholeDesk:
    assert eventually(harmed_desk.is_healthy)
    return harmed_desk


@contextmanager
def redis_away(desk: WholeDesk) -> Iterator[None]:
    """Kill the desk's Redis; the supervisor notices only at the end of the block."""
    redis, supervisor = desk.find("redis"), psutil.Process(desk.process.pid)
    assert redis is not None
    supervisor.suspend()
    try:
        redis.kill()
        assert eventually(lambda: redis.status() == psutil.STATUS_ZOMBIE)
        yield
    finally:
        supervisor.resume()


def unpublished(case: Case) -> int:
    """How many events of the case nobody has been told of."""
    db.session.rollback()
    query = select(Event.id).where(Event.case_id == case.id, Event.published_at.is_(None))
    return len(db.session.scalars(query).all())


@pytest.mark.row("R9")
def test_every_listener_is_told_to_catch_up_when_redis_is_back(people: People, desk: WholeDesk) -> None:
    case = make.chat(visitor=newcomer())
    ann, customer = people.agent(), people.customer(case)
    with redis_away(desk):
        pass
    assert (ann.news(), customer.news()) == (RESYNC, RESYNC)


@pytest.mark.row("R9")
def test_sockets_that_lived_through_it_hear_what_is_said_afterwards(people: People, desk: WholeDesk) -> None:
    ann = people.agent()
    with redis_away(desk):
        pass
    assert ann.news() == RESYNC
    make.chat("Are you there again?", visitor=newcomer())
    assert any("Are you there again?" in news for news in ann.texts())


@pytest.mark.row("R9")
def test_what_was_said_meanwhile_is_stored_at_once_and_shown_by_the_sweep(people: People, desk: WholeDesk) -> None:
    maria, bob = newcomer(), make.agent("Bob")
    case = make.chat(visitor=maria)
    ann, customer = people.agent(), people.customer(case)
    with redis_away(desk):
        make.chat("Can you hear me?", visitor=maria)
        chats.reply(case.id, bob, "Not just now.")
        assert [message.text for message in messages.latest(case.id)][1:] == ["Can you hear me?", "Not just now."]
        assert unpublished(case) > 0
    for listener in (ann, customer):
        heard = ""
        while not ("Can you hear me?" in heard and "Not just now." in heard):
            heard += listener.news()
    assert eventually(lambda: unpublished(case) == 0)


def test_pages_and_socket_handshakes_answer_while_it_is_away(people: People, desk: WholeDesk) -> None:
    cookie = people.cookie(make.agent())
    with redis_away(desk):
        assert desk.page("/chats", cookie=cookie) == 200
        with people.knock("/live", Cookie=cookie, Origin=desk.origin) as socket:
            assert socket.frame() is not None
