"""Many who write at the same time: nothing is lost, doubled or held up for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import select

from extensions import db
from models import Agent, Case, Event, EventKind, Message
from services import publication, settings
from services.attendance import statuses
from services.conversations import chats
from services.errors import AnotherChatActive, ChatTaken, InvalidInput
from services.events import SYSTEM
from services.settings import ChatSettings
from services.team import agents
from services.uow import lock_case, lock_stream, record, unit_of_work
from tests import factories as make

Result = TypeVar("Result")

WRITERS = 8
PATIENCE_SECONDS = 60


def at_once(app: Flask, *writers: Callable[[], Result]) -> list[Result]:
    """What each of them returned; they begin together, each with a connection of its own.

    Objects that they share are cut off from the database before: a session belongs to one thread.
    """
    together = threading.Barrier(len(writers))

    def run(write: Callable[[], Result]) -> Result:
        with app.app_context():
            together.wait(PATIENCE_SECONDS)
            return write()

    for shared in db.session:
        db.session.refresh(shared)
    db.session.expunge_all()
    db.session.rollback()
    with ThreadPoolExecutor(len(writers)) as threads:
        results = [threads.submit(run, writer) for writer in writers]
        return [result.result(PATIENCE_SECONDS) for result in results]


def refused(call: Callable[[], object]) -> bool:
    """Whether the domain has refused a call."""
    try:
        call()
    except (AnotherChatActive, ChatTaken, InvalidInput):
        return True
    return False


def now(case: Case) -> Case:
    """The case as all have left it."""
    return db.session.get_one(Case, case.id)


def revisions(case: Case) -> list[int]:
    """The revisions that its events have noted, in order."""
    return list(db.session.scalars(select(Event.rev).where(Event.case_id == case.id).order_by(Event.rev)))


@pytest.mark.slow
def test_no_change_of_a_case_is_lost(app: Flask) -> None:
    case = make.chat()
    before = case.rev

    def change() -> None:
        for _ in range(100):
            with unit_of_work():
                record(lock_case(case.id), EventKind.CHAT_READ, SYSTEM)

    at_once(app, *[change] * WRITERS)
    assert now(case).rev == before + 100 * WRITERS
    assert revisions(case) == list(range(1, now(case).rev + 1))


def test_messages_of_everyone_stand_in_one_order_without_gaps(app: Flask) -> None:
    case, ann, website = make.chat(), make.agent(), make.website()

    def answer() -> None:
        for _ in range(10):
            chats.reply(case.id, ann, "answer")

    def write() -> None:
        for _ in range(10):
            chats.receive(website, make.incoming("question"))

    at_once(app, *[answer] * 4, *[write] * 4)
    assert revisions(case) == list(range(1, now(case).rev + 1))
    found = db.session.scalars(select(Message).order_by(Message.position)).all()
    assert len({message.position for message in found}) == len(found) == 81
    assert {message.case_id for message in found} == {case.id}


def test_one_chat_is_taken_by_one_agent(app: Flask) -> None:
    case = make.chat()
    takers = [make.agent() for _ in range(WRITERS)]
    losers = at_once(app, *[lambda who=who: refused(lambda: chats.take(case.id, who)) for who in takers])
    winner = takers[losers.index(False)]
    assert losers.count(False) == 1
    assert now(case).fixated_to_id == winner.id


def test_a_silent_chat_ends_once(app: Flask) -> None:
    case = make.chat()
    with unit_of_work():
        late = lock_case(case.id)
        late.ends_at = late.started_at - timedelta(seconds=1)
    ends_at = make.fresh(case).ends_at
    assert ends_at is not None
    assert sorted(at_once(app, *[lambda: chats.end_silent(case.id, ends_at)] * WRITERS))[-2:] == [False, True]


def test_a_closed_chat_that_many_write_into_begins_anew_once(app: Flask) -> None:
    first, website = make.chat(), make.website()
    chats.end(first.id, make.agent(), "closed")
    at_once(app, *[lambda: chats.receive(website, make.incoming("again"))] * WRITERS)
    assert db.session.scalars(select(Case.active).order_by(Case.id)).all() == [False, True]


def test_an_address_belongs_to_one_agent(app: Flask) -> None:
    def join() -> bool:
        return refused(lambda: agents.create(email="ann@desk.example", name="Ann", password="correct horse"))

    assert at_once(app, *[join] * WRITERS).count(False) == 1
    assert db.session.scalars(select(Agent.email)).all() == ["ann@desk.example"]


def test_deadlines_move_once_with_each_change_of_the_silence_while_chats_go_on(app: Flask) -> None:
    cases = [make.chat(visitor=f"visitor {number}") for number in range(5)]
    ann, silences = make.agent(), [20, 30, 40, 15]

    def go_on() -> None:
        for case in cases:
            chats.reply(case.id, ann, "answer")

    def change(silence: int) -> None:
        settings.change_chats(ChatSettings(silence_minutes=silence))

    at_once(app, *[lambda silence=silence: change(silence) for silence in silences], *[go_on] * 2)
    silence = timedelta(minutes=settings.chats().silence_minutes)
    for case in map(now, cases):
        assert case.ends_at == case.last_message_at + silence


def test_events_that_two_have_shown_are_marked_without_a_deadlock(app: Flask) -> None:
    for number in range(5):
        make.chat(visitor=f"visitor {number}")
    ids = list(db.session.scalars(select(Event.id)))

    def mark(order: list[int]) -> None:
        for _ in range(20):
            publication.mark_published(order)

    at_once(app, *[lambda: mark(ids), lambda: mark(ids[::-1])] * 2)


@pytest.mark.postgresql("SQLite has one lock for all who write")
def test_agents_whom_two_have_seen_are_noted_without_a_deadlock(app: Flask) -> None:
    ids = [make.agent().id for _ in range(20)]

    def see(order: list[int]) -> None:
        for _ in range(20):
            statuses.note_connected(order)

    at_once(app, *[lambda: see(ids), lambda: see(ids[::-1])] * 2)


@pytest.mark.postgresql("SQLite has one lock for all who write")
def test_conversations_do_not_wait_for_each_other(app: Flask) -> None:
    def write(visitor: str) -> int:
        return chats.receive(make.website(), make.incoming(visitor=visitor)).id

    with unit_of_work():
        lock_stream(chats.stream_of(make.website(), "slow visitor"))
        with ThreadPoolExecutor(1) as threads:

            def run() -> int:
                with app.app_context():
                    return write("other visitor")

            assert threads.submit(run).result(PATIENCE_SECONDS)
