"""Who is told of what: by name, and by a push while they have no page open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask

from extensions import db
from models import Access, Agent, Case, Channel, EventKind, StatusKind
from services import clock
from services.alerts import notifications, waking
from services.alerts.notifications import Occasion, Wishes
from services.attendance import statuses
from services.conversations import chats, notes
from services.events import Work, committed
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import lock_case, record, unit_of_work
from tests import factories as make
from tests.pushing import PushingBrowser, asleep, set_away

JUST_NOW = timedelta(seconds=5)
A_WHILE = timedelta(seconds=40)


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.website()


@pytest.fixture
def sleeper(app: Flask) -> Agent:
    """Ann, online, whose last page has gone half a minute ago."""
    return asleep(make.agent("Ann"), PushingBrowser("https://push.example/ann"))


def woken() -> list[tuple[str, Occasion, int]]:
    """Whom a push would wake now."""
    db.session.rollback()
    return [(call.agent.name, call.occasion, call.case.id) for call in waking.calls()]


def told_by_name(act: Callable[[], object]) -> list[tuple[str, Occasion]]:
    """Whom a unit of work concerns by name."""
    heard: list[tuple[str, Occasion]] = []

    def hear(work: Work) -> None:
        heard.extend((notice.agent.name, notice.occasion) for notice in notifications.personal(work.events))

    with committed.connected_to(hear):
        act()
    return heard


def choose(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


def call_by_note(case: Case) -> Callable[[], object]:
    """A colleague writes a note that calls Ann."""
    return partial(notes.add, case.id, make.agent("Writer"), "@Ann please look")


class TestByName:
    """Notes that call somebody, chats that are given."""

    def test_who_is_called_in_a_note_is_told(self, channel: Channel) -> None:
        make.agent("Ann")
        make.agent("Bob")
        assert told_by_name(call_by_note(make.chat())) == [("Ann", Occasion.MENTION)]

    @pytest.mark.parametrize("kind", [StatusKind.OFFLINE, StatusKind.WITHOUT_CHATS])
    def test_who_wants_no_chats_is_not(self, channel: Channel, kind: StatusKind) -> None:
        ann = make.agent("Ann")
        choose(ann, kind)
        assert told_by_name(call_by_note(make.chat())) == []

    def test_who_may_not_see_the_case_is_not(self, channel: Channel) -> None:
        ann = make.agent("Ann")
        access_levels.give(ann.id, Level(Access.FULL, without=["live_chat"]))
        assert told_by_name(call_by_note(make.chat())) == []

    def test_who_takes_a_chat_needs_not_be_told(self, channel: Channel) -> None:
        case, ann = make.chat(), make.agent("Ann")
        assert told_by_name(lambda: chats.take(case.id, ann)) == []

    @pytest.mark.parametrize(
        ("kind", "data"),
        [(EventKind.CHAT_TAKEN, {"given": True}), (EventKind.CHAT_TRANSFERRED, {"by": 999})],
    )
    def test_who_is_given_a_chat_is_told(self, channel: Channel, kind: EventKind, data: dict[str, object]) -> None:
        case, ann = make.chat(), make.agent("Ann")

        def give() -> None:
            with unit_of_work():
                record(lock_case(case.id), kind, "system", agent=ann.id, **data)

        assert told_by_name(give) == [("Ann", Occasion.GIVEN)]


class TestNewChats:
    """A chat that nobody has is told to all who may take it."""

    def test_everyone_who_may_take_it_is_woken_and_nobody_else(self, channel: Channel) -> None:
        sales = groups.named("Sales")
        levels = {
            "Full": Level(),
            "Member": Level(Access.GROUPS, {groups.first().id: []}),
            "Elsewhere": Level(Access.GROUPS, {sales.id: []}),
            "Unplugged": Level(Access.FULL, without=["live_chat"]),
            "Limited": Level(Access.LIMITED),
            "Viewer": Level(Access.VIEW_ONLY),
        }
        for name, level in levels.items():
            agent = make.agent(name)
            access_levels.give(agent.id, level)
            asleep(agent, PushingBrowser(f"https://push.example/{name}"))
        case = make.chat()
        assert {name for name, _, case_id in woken() if case_id == case.id} == {"Full", "Member"}

    def test_who_has_a_page_open_hears_it_there(self, sleeper: Agent) -> None:
        statuses.note_connected([sleeper.id])
        make.chat()
        assert woken() == []

    def test_a_page_that_has_said_nothing_for_longer_than_a_beat_has_gone(self, sleeper: Agent) -> None:
        statuses.note_connected([sleeper.id])
        make.chat()
        with time_machine.travel(clock.now() + timedelta(seconds=statuses.BEAT_SECONDS + 6)):
            assert len(woken()) == 1

    @pytest.mark.parametrize("kind", [StatusKind.OFFLINE, StatusKind.WITHOUT_CHATS])
    def test_who_chose_to_have_no_chats_is_left_alone(self, sleeper: Agent, kind: StatusKind) -> None:
        choose(sleeper, kind)
        set_away(sleeper)
        make.chat()
        with time_machine.travel(clock.now() + A_WHILE):
            assert woken() == []

    def test_whom_a_lost_connection_set_offline_still_hears(self, sleeper: Agent) -> None:
        set_away(sleeper)
        case = make.chat()
        assert woken() == [("Ann", Occasion.NEW, case.id)]

    def test_they_are_spared_for_a_moment_while_somebody_is_available(self, sleeper: Agent) -> None:
        set_away(sleeper)
        make.agent("Bob")
        make.chat()
        with time_machine.travel(clock.now() + JUST_NOW):
            assert woken() == []
        with time_machine.travel(clock.now() + A_WHILE):
            assert len(woken()) == 1

    def test_a_chat_is_news_for_two_minutes(self, sleeper: Agent) -> None:
        make.chat()
        with time_machine.travel(clock.now() + waking.WINDOW + JUST_NOW):
            assert woken() == []

    def test_one_that_fell_back_to_new_is_news_again(self, sleeper: Agent) -> None:
        case, bob = make.chat(), make.agent("Bob")
        chats.take(case.id, bob)
        with time_machine.travel(clock.now() + waking.WINDOW * 2):
            with unit_of_work():
                found = lock_case(case.id)
                found.fixated_to_id = found.fixated_at = None
                record(found, EventKind.CHAT_RELEASED, "system")
            set_away(sleeper)
            assert woken() == [("Ann", Occasion.NEW, case.id)]

    def test_one_that_was_taken_ended_or_answered_wakes_nobody(self, sleeper: Agent) -> None:
        bob = make.agent("Bob")
        chats.take(make.chat(visitor="taken").id, bob)
        chats.reply(make.chat(visitor="answered").id, bob, "Hello!")
        chats.end(make.chat(visitor="ended").id, bob, "closed")
        assert woken() == []

    @pytest.mark.parametrize("wish", [{"pushes": False}, {"new_desktop": False}])
    def test_who_does_not_want_it_is_not_woken(self, sleeper: Agent, wish: dict[str, bool]) -> None:
        notifications.change(sleeper.id, Wishes(**wish))
        make.chat()
        assert woken() == []


class TestOwnChats:
    """A chat that somebody has is told to its owner alone."""

    def test_a_reply_wakes_its_owner_only(self, sleeper: Agent) -> None:
        asleep(make.agent("Bob"), PushingBrowser("https://push.example/bob"))
        case = make.chat()
        chats.reply(case.id, sleeper, "One moment")
        chats.receive(case.channel, make.incoming("Still there?"))
        assert woken() == [("Ann", Occasion.REPLY, case.id)]

    def test_a_chat_that_was_given_wakes_whom_it_was_given_to(self, sleeper: Agent) -> None:
        asleep(make.agent("Bob"), PushingBrowser("https://push.example/bob"))
        case = make.chat()
        with time_machine.travel(clock.now() + timedelta(seconds=10)):
            chats.take(case.id, sleeper)
            assert woken() == [("Ann", Occasion.GIVEN, case.id)]

    def test_an_owner_who_lost_the_right_to_see_it_is_not_woken(self, sleeper: Agent) -> None:
        case = make.chat()
        chats.reply(case.id, sleeper, "One moment")
        access_levels.give(sleeper.id, Level(Access.FULL, without=["live_chat"]))
        chats.receive(case.channel, make.incoming("Still there?"))
        assert ("Ann", Occasion.REPLY, case.id) not in woken()
