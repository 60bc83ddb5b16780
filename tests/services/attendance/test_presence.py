"""Presence: when a vendor is told of whom. Online at once, offline when it has lasted, never twice without need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from channels.base import ChannelError
from extensions import db
from models import Agent, Presence, StatusKind
from services import clock
from services.attendance import presence, statuses, telling
from services.attendance.telling import Telling
from services.errors import InvalidInput
from services.exchange import channels
from tests import factories as make
from tests.vendors import lighthouse
from tests.vendors.lighthouse import TTL, Lighthouse

MORNING = datetime(2026, 3, 4, 9, tzinfo=UTC)
DEBOUNCE = timedelta(minutes=2)
LOST = ChannelError("Lighthouse gave no answer.", uncertain=True)
BUSY = ChannelError("Lighthouse cannot take it at the moment (answer 503).")

_MOMENTS = st.timedeltas(timedelta(), timedelta(days=1)).map(MORNING.__add__)
_BRIEF = st.timedeltas(timedelta(), timedelta(minutes=10))


@pytest.fixture
def traveller(app: Flask) -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def vendor(traveller: time_machine.Traveller, tmp_path: Path) -> Iterator[Lighthouse]:
    with lighthouse.connected(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def ann(vendor: Lighthouse) -> Agent:
    return make.agent("Ann")


def row(*, available: bool, told: bool | None, told_at: datetime | None = MORNING) -> Presence:
    return Presence(available=available, since=MORNING, told=told, told_at=told_at)


def choose(agent: Agent, kind: StatusKind) -> None:
    statuses.choose(agent.id, statuses.built_in(kind).id)


def next_of(vendor: Lighthouse) -> Telling | None:
    """What a worker would tell now."""
    presence.refresh(vendor.channel_id)
    return telling.claim(vendor.channel_id)


def wanted(vendor: Lighthouse) -> bool | None:
    """The same in a word; put back."""
    due = next_of(vendor)
    if due is None:
        return None
    telling.fail(due, ChannelError("Only asked.", retry_after=0))
    _forget_failures()
    return due.shown.available


def tell(vendor: Lighthouse) -> list[bool]:
    """Let a worker tell everything that is due."""
    told = []
    while due := next_of(vendor):
        telling.settle(due)
        told.append(due.shown.available)
    return told


def kept(vendor: Lighthouse, agent: Agent) -> Presence:
    db.session.rollback()
    return db.session.get_one(Presence, (vendor.channel_id, agent.id), populate_existing=True)


def _forget_failures() -> None:
    db.session.execute(db.update(Presence).values(failures=0, due_at=clock.now()))
    db.session.commit()


class TestNextTelling:
    def test_who_is_there_is_told_at_once(self) -> None:
        assert presence.next_telling(row(available=True, told=False), DEBOUNCE, None) == MORNING

    def test_who_is_away_is_told_after_the_debounce(self) -> None:
        assert presence.next_telling(row(available=False, told=True), DEBOUNCE, None) == MORNING + DEBOUNCE

    def test_what_was_never_told_is_told_at_once_whatever_it_is(self) -> None:
        assert presence.next_telling(row(available=False, told=None, told_at=None), DEBOUNCE, None) == MORNING

    def test_what_is_in_doubt_waits_for_the_debounce_too(self) -> None:
        assert presence.next_telling(row(available=False, told=None), DEBOUNCE, None) == MORNING + DEBOUNCE

    @given(is_there=st.booleans(), debounce=_BRIEF)
    def test_what_is_shown_right_is_never_told_again_to_a_vendor_that_remembers(
        self, is_there: bool, debounce: timedelta
    ) -> None:
        assert presence.next_telling(row(available=is_there, told=is_there), debounce, None) is None

    @given(is_there=st.booleans(), told_at=_MOMENTS, ttl=_BRIEF)
    def test_it_is_told_again_before_the_vendor_forgets(
        self, is_there: bool, told_at: datetime, ttl: timedelta
    ) -> None:
        due = presence.next_telling(row(available=is_there, told=is_there, told_at=told_at), DEBOUNCE, ttl)
        assert ttl == timedelta() or (due is not None and told_at <= due < told_at + ttl)

    @given(told=st.none() | st.booleans(), debounce=_BRIEF, later=_BRIEF)
    def test_whom_a_vendor_shows_it_shows_until_it_is_told_otherwise(
        self, told: bool | None, debounce: timedelta, later: timedelta
    ) -> None:
        away = row(available=False, told=told)
        due = presence.next_telling(away, debounce, None)
        is_shown = presence.is_shown(away, debounce, MORNING + later)
        assert is_shown == (due is not None and due > MORNING + later)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (99, 60)])
def test_each_failure_doubles_the_wait_up_to_a_minute(failures: int, seconds: int) -> None:
    assert telling.backoff(failures) == timedelta(seconds=seconds)


def test_a_new_channel_is_told_of_everybody(ann: Agent, vendor: Lighthouse) -> None:
    choose(make.agent("Ben"), StatusKind.OFFLINE)
    assert tell(vendor) == [True, False]


def test_nothing_is_told_twice(ann: Agent, vendor: Lighthouse) -> None:
    assert (tell(vendor), tell(vendor)) == ([True], [])


def test_coming_back_within_the_debounce_is_never_told(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    tell(vendor)
    choose(ann, StatusKind.WITHOUT_CHATS)
    presence.refresh(vendor.channel_id)
    traveller.shift(DEBOUNCE - timedelta(seconds=1))
    assert tell(vendor) == []
    choose(ann, StatusKind.ONLINE)
    traveller.shift(timedelta(seconds=5))
    assert tell(vendor) == []


def test_every_absence_begins_its_own_debounce(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    tell(vendor)
    for _ in range(4):
        choose(ann, StatusKind.WITHOUT_CHATS)
        assert tell(vendor) == []
        traveller.shift(timedelta(seconds=50))
        choose(ann, StatusKind.ONLINE)
        assert tell(vendor) == []


def test_it_is_told_again_when_half_of_its_life_is_over(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    tell(vendor)
    traveller.shift(timedelta(seconds=TTL / 2 - 1))
    statuses.note_connected([ann.id])
    assert tell(vendor) == []
    traveller.shift(timedelta(seconds=1))
    assert tell(vendor) == [True]


def test_only_one_call_of_a_channel_is_under_way(ann: Agent, vendor: Lighthouse) -> None:
    make.agent("Ben")
    under_way = next_of(vendor)
    assert under_way is not None
    assert telling.claim(vendor.channel_id) is None
    telling.settle(under_way)
    assert telling.claim(vendor.channel_id) is not None


def test_a_change_while_a_call_is_under_way_follows_it(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    under_way = next_of(vendor)
    assert under_way is not None
    choose(ann, StatusKind.OFFLINE)
    assert next_of(vendor) is None
    telling.settle(under_way)
    traveller.shift(DEBOUNCE)
    assert wanted(vendor) is False


def test_a_worker_that_died_with_a_call_leaves_it_to_the_next(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    assert next_of(vendor) is not None
    traveller.shift(timedelta(seconds=44))
    assert next_of(vendor) is None
    traveller.shift(timedelta(seconds=1))
    assert wanted(vendor) is True


def test_when_a_call_outlives_its_claim_nobody_knows_and_it_is_told_again(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    jammed = next_of(vendor)
    traveller.shift(timedelta(seconds=45))
    second = next_of(vendor)
    assert jammed is not None
    assert second is not None
    telling.settle(second)
    telling.settle(jammed)
    assert tell(vendor) == [True]


def test_a_failure_waits_and_says_why(ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller) -> None:
    for seconds in (1, 2, 4):
        due = next_of(vendor)
        assert due is not None
        telling.fail(due, BUSY)
        traveller.shift(timedelta(seconds=seconds - 1))
        assert next_of(vendor) is None
        traveller.shift(timedelta(seconds=1))
    assert kept(vendor, ann).result == BUSY.reason
    assert tell(vendor) == [True]
    assert (kept(vendor, ann).result, kept(vendor, ann).failures) == ("", 0)


def test_a_vendor_that_asks_for_time_gets_it(ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller) -> None:
    due = next_of(vendor)
    assert due is not None
    telling.fail(due, ChannelError("Later.", retry_after=30))
    traveller.shift(timedelta(seconds=29))
    assert next_of(vendor) is None
    traveller.shift(timedelta(seconds=1))
    assert next_of(vendor) is not None


def test_what_is_refused_is_tried_again_an_hour_later(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    due = next_of(vendor)
    assert due is not None
    telling.fail(due, ChannelError("Lighthouse did not accept it (answer 404).", permanent=True))
    traveller.shift(timedelta(minutes=59))
    statuses.note_connected([ann.id])
    assert kept(vendor, ann).due_at == MORNING + timedelta(hours=1)


def test_going_away_while_online_was_refused_leaves_nothing_to_tell(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    choose(ann, StatusKind.OFFLINE)
    tell(vendor)
    choose(ann, StatusKind.ONLINE)
    due = next_of(vendor)
    assert due is not None
    telling.fail(due, BUSY)
    choose(ann, StatusKind.OFFLINE)
    assert tell(vendor) == []


def test_after_a_call_whose_outcome_nobody_knows_the_opposite_is_told(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    choose(ann, StatusKind.OFFLINE)
    tell(vendor)
    choose(ann, StatusKind.ONLINE)
    due = next_of(vendor)
    assert due is not None
    telling.fail(due, LOST)
    choose(ann, StatusKind.OFFLINE)
    presence.refresh(vendor.channel_id)
    traveller.shift(DEBOUNCE)
    assert tell(vendor) == [False]


def test_who_shares_an_operator_is_known_by_whom_the_vendor_is_to_show(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    ben, cem = make.agent("Ben"), make.agent("Cem")
    tell(vendor)
    choose(ben, StatusKind.OFFLINE)
    presence.refresh(vendor.channel_id)
    traveller.shift(timedelta(seconds=60))
    choose(cem, StatusKind.OFFLINE)
    presence.refresh(vendor.channel_id)
    traveller.shift(timedelta(seconds=60))
    statuses.note_connected([ann.id])
    due = next_of(vendor)
    assert due is not None
    assert (due.shown.agent.name, due.shown.available) == ("Ben", False)
    assert [one.name for one in due.shown.shown] == ["Ann", "Cem"]


def test_a_channel_that_is_broken_is_told_of_everybody_when_it_works_again(ann: Agent, vendor: Lighthouse) -> None:
    tell(vendor)
    channels.mark_broken(vendor.channel_id, "Lighthouse refused the keys (answer 401).")
    assert next_of(vendor) is None
    assert telling.due_channels() == []
    assert kept(vendor, ann).told is None
    channels.mark_working(vendor.channel_id)
    assert telling.due_channels() == [vendor.channel_id]
    assert tell(vendor) == [True]


def test_everybody_is_told_again_when_asked(ann: Agent, vendor: Lighthouse) -> None:
    tell(vendor)
    presence.tell_again(vendor.channel_id)
    assert tell(vendor) == [True]


def test_the_debounce_counts_for_those_who_have_just_left(
    ann: Agent, vendor: Lighthouse, traveller: time_machine.Traveller
) -> None:
    tell(vendor)
    choose(ann, StatusKind.OFFLINE)
    presence.refresh(vendor.channel_id)
    presence.change_debounce(vendor.channel_id, 30)
    traveller.shift(timedelta(seconds=30))
    assert tell(vendor) == [False]


@pytest.mark.parametrize("seconds", [-1, 601])
def test_a_debounce_has_its_limits(vendor: Lighthouse, seconds: int) -> None:
    with pytest.raises(InvalidInput):
        presence.change_debounce(vendor.channel_id, seconds)
    assert presence.debounce_seconds(vendor.channel) == 120


def test_our_own_widget_and_chatra_are_told_nothing(ann: Agent, vendor: Lighthouse) -> None:
    make.chatra()
    assert channels.telling_presence() == [vendor.channel_id]
