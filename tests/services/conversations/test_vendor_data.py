"""What a channel tells about a customer: shown to those who were chosen, readable, never old for long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from channels.base import UNNAMED, CustomerData, CustomerUpdate, Fetch
from extensions import db
from models import Access, Agent, Case, Channel, Group, Identity
from services import clock
from services.conversations import cases, chat_list, chats, customers, vendor_data
from services.conversations.vendor_data import Fact, VendorData
from services.events import Work, committed
from services.exchange import channel_settings, channels
from services.exchange.channel_settings import ChannelSettings, Panel
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def case(channel: Channel) -> Case:
    return make.chat(channel=channel, visitor="maria")


@pytest.fixture
def rings() -> Iterator[list[tuple[str, str]]]:
    """The doorbells that were rung."""
    heard: list[tuple[str, str]] = []

    def listen(work: Work) -> None:
        heard.extend(work.rings)

    with committed.connected_to(listen):
        yield heard


def tell(case: Case, details: dict[str, str], *, whole: bool = False) -> Identity:
    """Have the channel tell something about the case's customer."""
    data = CustomerData(case.conversation, details=details)
    chats.update_customer(case.channel, CustomerUpdate(case.conversation, data, whole=whole))
    return known(case)


def known(case: Case) -> Identity:
    found = cases.identity(make.fresh(case))
    assert found is not None
    return found


def seen(agent: Agent, case: Case) -> VendorData | None:
    return vendor_data.seen_by(agent, case, known(case))


def facts(case: Case) -> tuple[Fact, ...]:
    shown = seen(make.agent(), case)
    assert shown is not None
    return shown.facts


class TestWhoSeesIt:
    def choose(self, channel: Channel, *chosen: Agent | Group) -> None:
        agents = frozenset(one.id for one in chosen if isinstance(one, Agent))
        some_groups = frozenset(one.id for one in chosen if isinstance(one, Group))
        channel_settings.change(channel.id, ChannelSettings(agents=agents, groups=some_groups))

    def test_everybody_as_long_as_nobody_was_chosen(self, case: Case) -> None:
        assert seen(make.agent(), case) is not None

    def test_otherwise_those_who_were_chosen_and_administrators_like_anyone(self, channel: Channel, case: Case) -> None:
        ann, boss = make.agent("Ann"), make.agent("Boss", admin=True)
        self.choose(channel, ann)
        assert seen(ann, case) is not None
        assert seen(boss, case) is None

    def test_and_agents_by_groups_who_have_one_of_the_chosen_groups(self, channel: Channel, case: Case) -> None:
        support, sales = groups.first(), groups.named("Sales")
        seller, supporter, everywhere = (make.agent(name) for name in ("Sam", "Sue", "Eve"))
        access_levels.give(seller.id, Level(Access.GROUPS, {sales.id: [], support.id: []}))
        access_levels.give(supporter.id, Level(Access.GROUPS, {support.id: []}))
        self.choose(channel, sales)
        assert [seen(agent, case) is not None for agent in (seller, supporter, everywhere)] == [True, False, False]

    def test_each_channel_has_its_own_choice(self, channel: Channel, case: Case) -> None:
        ann, bob = make.agent("Ann"), make.agent("Bob")
        self.choose(channel, ann)
        assert seen(bob, make.chat(channel=make.chatra(), visitor="other")) is not None


class TestWhatIsSeen:
    def test_names_as_they_are_and_the_rest_by_number_whatever_comes_first(self, case: Case) -> None:
        tell(case, {f"{UNNAMED}Zx": "two", "Plan": "Gold", f"{UNNAMED}Ax": "one"})
        assert facts(case) == (Fact("Plan", "Gold"), Fact("", "one", 1), Fact("", "two", 2))
        tell(case, {f"{UNNAMED}Ax": "other"})
        assert facts(case)[1:] == (Fact("", "other", 1), Fact("", "two", 2))

    def test_a_moment_with_its_zone_is_one_and_a_date_or_a_word_is_not(self, case: Case) -> None:
        told = {"Last visit": "2026-01-01T00:00:00+00:00", "Birthday": "2001-02-03", "Plan": "20260101"}
        tell(case, told)
        assert [fact.at for fact in facts(case)] == [datetime(2026, 1, 1, tzinfo=UTC), None, None]
        assert [fact.value for fact in facts(case)] == list(told.values())

    @pytest.mark.parametrize(
        "told",
        [
            "0001-01-01T00:00:00+23:00",
            "9999-12-31T23:59:59-23:00",
            "1999-12-31T23:59:59+00:00",
            "2100-01-01T00:00:00+00:00",
        ],
    )
    def test_a_time_that_nobody_can_mean_is_a_word_like_any_other(self, case: Case, told: str) -> None:
        tell(case, {"Birth": told})
        assert facts(case) == (Fact("Birth", told),)

    def test_where_it_stands_and_how_old_it_is(self, channel: Channel, case: Case) -> None:
        channel_settings.change(channel.id, ChannelSettings(panel=Panel.SEPARATE))
        shown = seen(make.agent(), case)
        assert shown is not None
        assert (shown.panel, shown.as_of, shown.has_unnamed) == (Panel.SEPARATE, None, False)

    def test_a_message_adds_to_what_is_known_and_a_look_at_everything_replaces_it(self, case: Case) -> None:
        tell(case, {"Plan": "Gold", "Tier": "A"})
        assert tell(case, {"Plan": "Silver"}).details == {"Plan": "Silver", "Tier": "A"}
        assert tell(case, {"Tier": "B"}, whole=True).details == {"Tier": "B"}

    def test_a_look_at_everything_is_told_to_the_pages_even_if_nothing_has_changed(self, case: Case) -> None:
        tell(case, {"Plan": "Gold"}, whole=True)
        before = make.fresh(case).rev
        tell(case, {"Plan": "Gold"})
        assert make.fresh(case).rev == before
        tell(case, {"Plan": "Gold"}, whole=True)
        assert make.fresh(case).rev == before + 1

    def test_no_vendor_fills_the_panel_without_end(self, case: Case) -> None:
        told = tell(case, {f"field {number}" + "x" * 200: "y" * 2000 for number in range(300)})
        assert len(told.details) == 100
        assert {len(key) for key in told.details} == {100}
        assert {len(value) for value in told.details.values()} == {1000}


class TestHowOldItGets:
    def opened(self, case: Case) -> None:
        customers.freshen(case.channel, known(case))

    def note_fresh(self, channel: Channel) -> None:
        with unit_of_work():
            customers.note_fresh(channel, "maria")

    def test_what_was_never_fetched_is_asked_for(self, case: Case, rings: list[tuple[str, str]]) -> None:
        self.opened(case)
        assert rings == [("fetch", f"identity:{known(case).id}")]

    def test_what_is_younger_than_ten_minutes_is_not(
        self, channel: Channel, case: Case, rings: list[tuple[str, str]]
    ) -> None:
        self.note_fresh(channel)
        with time_machine.travel(clock.now() + timedelta(minutes=9, seconds=59)):
            self.opened(case)
        assert rings == []
        with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
            self.opened(case)
        assert len(rings) == 1

    def test_our_own_visitors_and_a_channel_that_is_off_are_left_alone(
        self, channel: Channel, case: Case, rings: list[tuple[str, str]]
    ) -> None:
        own = make.chat()
        rings.clear()
        self.opened(own)
        with unit_of_work() as session:
            session.get_one(Channel, channel.id).state = "off"
        self.opened(case)
        assert rings == []

    def test_nothing_is_written_for_it(self, case: Case) -> None:
        self.opened(case)
        assert not db.session.new
        assert not db.session.dirty

    def test_the_ring_says_what_is_to_be_asked_until_somebody_has_asked(self, channel: Channel, case: Case) -> None:
        stream = f"identity:{known(case).id}"
        assert customers.wanted(stream) == (channel.id, Fetch("maria", "customer", "maria"))
        self.note_fresh(channel)
        assert customers.wanted(stream) is None
        assert customers.wanted("identity:999") is None


def test_a_channel_is_known_by_its_name_in_every_list(channel: Channel, case: Case) -> None:
    ann, second = (
        make.agent("Ann"),
        channels.connect(kind="chatra", family="live_chat", name="Second shop", group=groups.first(), credentials={}),
    )
    other = make.chat(channel=second, visitor="paul")
    assert {row.channel_name for row in chat_list.rows(ann)} == {"Chatra", "Second shop"}
    chats.end(other.id, ann, "open")
    assert [row.channel_name for row in cases.ended(ann).rows] == ["Second shop"]
