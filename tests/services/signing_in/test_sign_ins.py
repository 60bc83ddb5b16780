"""Sign-ins: a row for each browser, which is the truth; what has ended opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, func, select, update

from extensions import db
from models import Agent, PushSubscription, SignIn
from services import clock, retention
from services.errors import Forbidden
from services.events import Work, committed
from services.signing_in import passwords, sign_ins
from services.team import staffing
from services.uow import unit_of_work
from tests import factories as make

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


def begun(agent: Agent, address: str = "203.0.113.7") -> SignIn:
    return sign_ins.begin(agent, browser=FIREFOX, address=address)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    yield asked
    event.remove(db.engine, "before_cursor_execute", listen)


@contextmanager
def told() -> Iterator[set[str]]:
    """The keys of the sign-ins whose end is announced meanwhile."""
    keys: set[str] = set()

    def listen(work: Work) -> None:
        keys.update(work.signed_out)

    with committed.connected_to(listen):
        yield keys


def test_the_key_leads_to_the_agent_in_one_statement(ann: Agent) -> None:
    key = begun(ann).key
    db.session.rollback()
    db.session.expunge_all()
    with statements() as asked:
        found = sign_ins.with_key(key)
        assert found is not None
        assert (found.agent.name, found.browser, found.address) == ("Ann", FIREFOX, "203.0.113.7")
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


@pytest.mark.parametrize("key", ["", "3.1", "guess"])
def test_what_no_sign_in_has_as_its_key_opens_nothing(ann: Agent, key: str) -> None:
    begun(ann)
    assert sign_ins.with_key(key) is None


def test_what_has_ended_opens_nothing_and_is_announced(ann: Agent) -> None:
    here, there = begun(ann), begun(ann)
    with told() as keys:
        sign_ins.end(here.id)
    assert keys == {here.key}
    assert sign_ins.with_key(here.key) is None
    assert sign_ins.with_key(there.key) is not None


def test_who_is_disabled_has_no_sign_in_left_even_when_enabled_again(ann: Agent) -> None:
    here, heir = begun(ann), make.agent("Bob")
    with told() as keys:
        staffing.disable(ann.id, heir.id)
    staffing.enable(ann.id)
    assert (keys, sign_ins.with_key(here.key)) == ({here.key}, None)


def test_who_is_disabled_while_they_sign_in_is_refused(ann: Agent) -> None:
    staffing.disable(ann.id, make.agent("Bob").id)
    with pytest.raises(Forbidden):
        begun(ann)


def test_who_gets_another_password_while_they_sign_in_with_the_old_one_is_refused(ann: Agent) -> None:
    recognised = Agent(id=ann.id, password_hash=ann.password_hash)
    passwords.put(ann.id, "another password")
    with pytest.raises(Forbidden):
        begun(recognised)


def test_an_agent_ends_their_own_sign_ins_only(ann: Agent) -> None:
    bob = begun(make.agent("Bob"))
    sign_ins.revoke(ann, bob.id)
    assert sign_ins.still_holds(bob.key)


def test_all_others_end_and_this_one_stays(ann: Agent) -> None:
    here, others = begun(ann), [begun(ann) for _ in range(2)]
    with told() as keys:
        sign_ins.revoke_others(ann, here=here.id)
    assert keys == {one.key for one in others}
    assert sign_ins.of_agent(ann.id) == [here]


def test_an_end_is_seen_by_a_request_that_began_before_it(ann: Agent) -> None:
    key = begun(ann).key
    assert sign_ins.with_key(key) is not None  # from now on the request looks at the database as it was
    end_in_another_connection(key)
    assert not sign_ins.still_holds(key)


def end_in_another_connection(key: str) -> None:
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.execute(update(SignIn).where(SignIn.key == key).values(ended_at=clock.now()))


def test_that_a_browser_was_seen_is_written_down_every_ten_minutes(ann: Agent) -> None:
    here = begun(ann)
    with time_machine.travel(clock.now() + timedelta(minutes=9), tick=False):
        assert not sign_ins.note_seen(here, "198.51.100.1")
    later = clock.now() + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        assert sign_ins.note_seen(here, "198.51.100.1")
        assert not sign_ins.note_seen(here, "198.51.100.2")
    assert (here.seen_at, here.address) == (later, "198.51.100.1")


def test_a_browser_that_was_signed_out_is_woken_no_more(ann: Agent) -> None:
    here = begun(ann)
    subscribe(here)
    sign_ins.end(here.id)
    assert db.session.scalar(select(func.count(PushSubscription.id))) == 0


def subscribe(sign_in: SignIn) -> None:
    with unit_of_work() as session:
        session.add(
            PushSubscription(
                agent_id=sign_in.agent_id,
                sign_in_id=sign_in.id,
                endpoint_hash=sign_in.key,
                sealed_endpoint="https://push.example/1",
                public_key="key",
                sealed_secret="secret",
                created_at=clock.now(),
            )
        )


@pytest.mark.parametrize(
    ("ended", "days", "is_kept"), [(True, 89, True), (True, 91, False), (False, 59, True), (False, 61, False)]
)
def test_old_rows_are_dropped(ann: Agent, ended: bool, days: int, is_kept: bool) -> None:
    here = begun(ann)
    subscribe(here)
    if ended:
        sign_ins.end(here.id)
        seen_today(here, days)
    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        for _ in retention.retire():
            pass
    db.session.rollback()
    assert bool(db.session.scalar(select(func.count(SignIn.id)))) is is_kept


def seen_today(sign_in: SignIn, days: int) -> None:
    """As if the end had come while the browser was in use, so that only the end is old."""
    with unit_of_work():
        sign_in.seen_at = clock.now() + timedelta(days=days)
