"""Which group gets a vendor's chats, and which chats follow what is learned later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from channels.base import CustomerData, CustomerUpdate
from extensions import db
from models import Case, Channel, Event, EventKind, Group
from services.conversations import chats, transfers
from services.events import SYSTEM
from services.exchange import channel_settings, routing
from services.exchange.channel_settings import ChannelSettings
from services.team import groups
from services.uow import unit_of_work
from tests import factories as make


@pytest.fixture
def sales(app: Flask) -> Group:
    return groups.named("Sales")


@pytest.fixture
def chatra(sales: Group) -> Channel:
    """A Chatra account whose group of shoes is mapped to Sales."""
    chatra = make.chatra()
    channel_settings.change(chatra.id, ChannelSettings(routes={"shoes": sales.id}))
    return chatra


def chat(chatra: Channel, group: str = "", *, visitor: str = "visitor") -> Case:
    return make.case_of(chats.receive(chatra, replace(make.incoming(visitor=visitor), group=group)))


def told(chatra: Channel, case: Case, group: str) -> Case:
    """Chatra tells to which group of its own the customer belongs."""
    chats.update_customer(chatra, CustomerUpdate(case.conversation, CustomerData(case.conversation), group))
    return make.fresh(case)


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:  # noqa: ANN401
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)


class TestANewChat:
    def test_goes_where_its_group_is_mapped_to(self, chatra: Channel, sales: Group) -> None:
        assert chat(chatra, "shoes").group_id == sales.id

    @pytest.mark.parametrize("group", ["hats", ""])
    def test_goes_to_the_channels_group_otherwise(self, chatra: Channel, group: str) -> None:
        assert chat(chatra, group).group_id == chatra.group_id

    def test_goes_to_the_group_that_took_over_from_a_closed_one(self, chatra: Channel, sales: Group) -> None:
        hats, caps = groups.named("Hats"), groups.named("Caps")
        groups.close(sales.id, hats.id)
        groups.close(hats.id, caps.id)
        with unit_of_work() as session:
            # As a restored or older desk may have it.
            session.get_one(Channel, chatra.id).settings = {"routes": {"shoes": sales.id}}
        assert chat(chatra, "shoes").group_id == caps.id

    def test_goes_to_the_channels_group_where_its_own_is_no_more(self, chatra: Channel) -> None:
        with unit_of_work() as session:
            session.get_one(Channel, chatra.id).settings = {"routes": {"shoes": 4711}}
        assert chat(chatra, "shoes").group_id == chatra.group_id

    def test_is_not_held_up_by_groups_that_took_over_from_each_other(self, chatra: Channel, sales: Group) -> None:
        hats = groups.named("Hats")
        with unit_of_work() as session:
            for closed, replacement in ((sales, hats), (hats, sales)):
                found = session.get_one(Group, closed.id)
                found.active, found.replacement_id = False, replacement.id
        assert chat(chatra, "shoes").group_id == chatra.group_id


class TestWhatIsLearnedLater:
    def test_moves_a_chat_that_nobody_has_and_says_so(self, chatra: Channel, sales: Group) -> None:
        case = told(chatra, chat(chatra), "shoes")
        assert case.group_id == sales.id
        moved = db.session.scalars(db.select(Event).where(Event.kind == EventKind.GROUP_CHANGED)).one()
        assert (moved.actor, moved.data) == (SYSTEM, {"group": sales.id})

    def test_may_come_with_the_next_words(self, chatra: Channel, sales: Group) -> None:
        assert chat(chatra).id == chat(chatra, "shoes").id
        assert chat(chatra).group_id == sales.id

    @pytest.mark.parametrize("group", ["hats", ""])
    def test_moves_nothing_to_a_group_that_is_not_mapped(self, chatra: Channel, sales: Group, group: str) -> None:
        assert told(chatra, chat(chatra, "shoes"), group).group_id == sales.id

    def test_leaves_a_chat_that_an_agent_has_or_had(self, chatra: Channel) -> None:
        case, ann = chat(chatra), make.agent()
        chats.take(case.id, ann)
        assert told(chatra, case, "shoes").group_id == chatra.group_id
        hats = groups.named("Hats")
        transfers.to_group(case.id, ann, hats.id)
        assert told(chatra, case, "shoes").group_id == hats.id

    def test_leaves_a_chat_that_somebody_moved_without_taking_it(self, chatra: Channel) -> None:
        case, hats = chat(chatra), groups.named("Hats")
        transfers.to_group(case.id, make.agent(), hats.id)
        assert told(chatra, case, "shoes").group_id == hats.id

    def test_leaves_what_has_ended_and_what_began_again(self, chatra: Channel) -> None:
        case, ann = chat(chatra), make.agent()
        chats.end(case.id, ann, "open")
        assert told(chatra, case, "shoes").group_id == chatra.group_id
        again = chat(chatra, "shoes")
        assert (again.id, again.active, again.group_id) == (case.id, True, chatra.group_id)
        assert told(chatra, case, "shoes").group_id == chatra.group_id

    def test_may_be_learned_twice(self, chatra: Channel, sales: Group, app: Flask) -> None:
        hats = groups.named("Hats")
        channel_settings.change(chatra.id, ChannelSettings(routes={"shoes": sales.id, "hats": hats.id}))
        case = told(chatra, chat(chatra), "shoes")
        assert told(chatra, case, "hats").group_id == hats.id


class TestWhatItCosts:
    def test_our_own_widget_asks_nothing_of_the_database(self, app: Flask) -> None:
        case = make.chat()
        with unit_of_work(), statements() as asked:
            channel, case = db.session.get_one(Channel, case.channel_id), db.session.get_one(Case, case.id)
            asked.clear()
            routing.follow(channel, case, "")
            assert routing.group_of_new(channel, "") == channel.group_id
        assert not [one for one in asked if "SELECT" in one]

    def test_a_chat_that_is_where_it_belongs_asks_nothing_either(self, chatra: Channel) -> None:
        case = chat(chatra, "shoes")
        with unit_of_work(), statements() as asked:
            channel, case = db.session.get_one(Channel, chatra.id), db.session.get_one(Case, case.id)
            asked.clear()
            routing.follow(channel, case, "shoes")
        assert not [one for one in asked if "SELECT" in one]


def test_data_counts_as_old_once_a_chat_has_begun_that_may_have_to_move(chatra: Channel) -> None:
    before = make.fresh(chat(chatra)).created_at
    case = chat(chatra, visitor="other")
    assert routing.has_begun_since(chatra, case.customer_id, before)
    assert not routing.has_begun_since(chatra, case.customer_id, case.created_at)
    assert not routing.has_begun_since(make.website(), make.chat().customer_id, before)
