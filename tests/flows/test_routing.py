"""A Chatra group's chats go to the group that it is mapped to, wherever Chatra says it and however late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from models import Access, Agent, Case, Group
from realtime import topics
from services import clock
from services.conversations import chats
from services.exchange import channel_settings
from services.exchange.channel_settings import ChannelSettings
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests import factories as make
from tests.flows.conftest import Flow
from tests.realtime.test_publish import listening
from tests.redis import RealRedis
from tests.vendors.chatra import ChatraSimulator, Switches
from tests.vendors.chatra.store import new_id

SHOES, HATS = "BKjdxwGNFhDE4DJ2x", "XkDsxHtLppJTJ3vZa"


@pytest.fixture(autouse=True)
def sales(flow: Flow) -> Group:
    """The group to which Chatra's group of shoes is mapped."""
    sales = groups.named("Sales")
    channel_settings.change(flow.channel.id, ChannelSettings(routes={SHOES: sales.id}))
    return sales


def visitor_of(chatra: ChatraSimulator, group: str, text: str = "Hi") -> str:
    """Somebody who belongs to this group of Chatra's writes."""
    client = chatra.store.visitor()
    client.group_id = group
    return chatra.visitor_says(client.id, text).client_id


def group_names(flow: Flow) -> list[str]:
    return [case.group.name for case in flow.chats()]


class TestWhereverItStands:
    @pytest.fixture(params=["client.groupId", "client.group.id", "groupId", ""])
    def chatra(self, request: pytest.FixtureRequest) -> Iterator[ChatraSimulator]:
        with ChatraSimulator(switches=Switches(group=request.param)) as simulator:
            yield simulator

    def test_a_mapped_groups_chat_goes_where_it_is_mapped_to(self, flow: Flow, chatra: ChatraSimulator) -> None:
        visitor_of(chatra, SHOES)
        flow.settle()
        assert group_names(flow) == ["Sales"]

    @pytest.mark.parametrize("group", [HATS, ""])
    def test_any_other_chat_goes_to_the_channels_group(self, flow: Flow, chatra: ChatraSimulator, group: str) -> None:
        visitor_of(chatra, group)
        flow.settle()
        assert group_names(flow) == ["Support"]

    def test_a_new_chat_of_somebody_who_was_asked_about_just_now_goes_there_too(
        self, flow: Flow, chatra: ChatraSimulator
    ) -> None:
        visitor = visitor_of(chatra, SHOES)
        flow.settle()
        (case,) = flow.chats()
        chats.take(case.id, ann := make.agent())
        chats.end(case.id, ann, "closed")
        chatra.visitor_says(visitor, "One more thing")
        flow.settle()
        (anew,) = flow.chats()
        assert (anew.id != case.id, anew.group.name) == (True, "Sales")

    def test_a_chat_of_which_only_the_transcript_came_goes_there_too(self, flow: Flow, chatra: ChatraSimulator) -> None:
        chatra.faults.drop = 1
        visitor_of(chatra, SHOES)
        chatra.deliver_all()
        chatra.advance(601)
        flow.settle()
        assert group_names(flow) == ["Sales"]
        assert "Browser" in flow.chats()[0].customer.identities[0].details


class TestWhatIsLearnedLater:
    """Webhooks name no group; the answer to our call does."""

    @pytest.fixture
    def case(self, flow: Flow, chatra: ChatraSimulator) -> Case:
        """A chat in the channel's group, because Chatra did not answer."""
        chatra.faults.fail(503)
        self.visitor = visitor_of(chatra, SHOES)
        flow.settle()
        (case,) = flow.chats()
        assert case.group.name == "Support"
        return case

    def answers(self, flow: Flow, chatra: ChatraSimulator) -> None:
        """The visitor goes on, and Chatra answers now."""
        chatra.visitor_says(self.visitor, "Hello?")
        flow.settle()

    def test_moves_a_chat_that_nobody_has(self, flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
        self.answers(flow, chatra)
        assert group_names(flow) == ["Sales"]

    def test_is_told_to_those_who_see_it_now_and_to_those_who_do_not_any_more(
        self, flow: Flow, chatra: ChatraSimulator, case: Case, sales: Group, real_redis: RealRedis
    ) -> None:
        ann, bob = make.agent("Ann"), make.agent("Bob")
        access_levels.give(ann.id, Level(Access.GROUPS, {case.group_id: []}))
        access_levels.give(bob.id, Level(Access.GROUPS, {sales.id: []}))
        with listening(real_redis) as ear:
            self.answers(flow, chatra)
            heard = ear.everything()
        assert [frame for frame in heard if topics.agent(bob.id) in frame.topics and "chat-row" in frame.payload]
        assert [frame for frame in heard if topics.agent(ann.id) in frame.topics and "resync" in frame.payload]

    def test_leaves_a_chat_that_an_agent_has(self, flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
        chats.take(case.id, make.agent())
        self.answers(flow, chatra)
        assert group_names(flow) == ["Support"]

    def test_leaves_a_case_that_began_again(self, flow: Flow, chatra: ChatraSimulator, case: Case) -> None:
        ann: Agent = make.agent()
        chats.take(case.id, ann)
        chats.end(case.id, ann, "open")
        with time_machine.travel(clock.now() + timedelta(minutes=10)):
            self.answers(flow, chatra)
        (again,) = flow.chats()
        assert (again.id, again.group.name) == (case.id, "Support")


def test_a_group_that_nobody_maps_moves_nothing(flow: Flow, chatra: ChatraSimulator) -> None:
    visitor = visitor_of(chatra, SHOES)
    flow.settle()
    chatra.store.visitor(visitor).group_id = new_id()
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        chatra.visitor_says(visitor, "Hello?")
        flow.settle()
        assert group_names(flow) == ["Sales"]
