"""Transfer: a chat goes on to a colleague or a group, or it is said why it cannot (product.md §2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from channels.base import Author
from extensions import db
from models import Access, Agent, Case, Event, StatusKind
from realtime import payloads, topics
from services import access, clock, settings
from services.attendance import statuses
from services.conversations import chats, messages, transfers, visitor_chats
from services.conversations.transfers import Obstacle
from services.errors import CaseNotFound, ChatEnded, ChatTaken, Forbidden, InvalidInput
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.realtime.test_publish import listening, to_customers
from tests.redis import RealRedis


@pytest.fixture
def ann(app: Flask) -> Agent:
    """Who has the chat."""
    return make.agent("Ann")


@pytest.fixture
def bob(app: Flask) -> Agent:
    """A colleague."""
    return make.agent("Bob")


@pytest.fixture
def case(ann: Agent) -> Case:
    """Ann's chat."""
    return chats.take(make.chat("Hello").id, ann)


def events_of(case: Case) -> list[tuple[str, dict[str, object]]]:
    """What happened at the transfer, without what was written."""
    db.session.rollback()
    query = db.select(Event).where(Event.case_id == case.id).order_by(Event.id)
    found = [(event.kind, event.data) for event in db.session.scalars(query) if "message" not in event.data]
    taken = [kind for kind, _ in found].index("chat_taken")
    return found[taken + 1 :]


def thread(case: Case) -> list[tuple[str, str]]:
    return [(said.author, said.text) for said in messages.latest(case.id)]


class TestToAnAgent:
    def test_the_chat_is_theirs_and_the_case_too_if_it_was_the_former_owners(
        self, case: Case, ann: Agent, bob: Agent
    ) -> None:
        moved = transfers.to_agent(case.id, ann, bob.id)
        after = make.fresh(case)
        assert (after.fixated_to_id, after.assignee_id, moved.to) == (bob.id, bob.id, "Bob")
        assert events_of(case) == [("chat_transferred", {"agent": bob.id, "by": ann.id})]

    def test_a_case_that_a_third_one_looks_after_stays_theirs(self, case: Case, ann: Agent, bob: Agent) -> None:
        third = make.agent("Cy")
        with unit_of_work() as session:
            session.get_one(Case, case.id).assignee_id = third.id
        transfers.to_agent(case.id, ann, bob.id)
        assert make.fresh(case).assignee_id == third.id

    def test_neither_silence_nor_who_waits_changes(self, case: Case, ann: Agent, bob: Agent) -> None:
        before = (case.ends_at, case.waiting_since, case.unread, case.last_author, case.last_words)
        with time_machine.travel(clock.now() + timedelta(seconds=30), tick=False):
            transfers.to_agent(case.id, ann, bob.id, note="Over to you")
        after = make.fresh(case)
        assert (after.ends_at, after.waiting_since, after.unread, after.last_author, after.last_words) == before

    def test_the_thread_says_so_to_agents_and_the_note_follows(self, case: Case, ann: Agent, bob: Agent) -> None:
        moved = transfers.to_agent(case.id, ann, bob.id, note="@Bob knows them")
        assert thread(case)[1:] == [
            (Author.SYSTEM, "Ann transferred this chat to Bob."),
            (Author.AGENT, "@Bob knows them"),
        ]
        assert all(said.note for said in moved.said)

    def test_the_customer_sees_the_new_name_and_nothing_else(
        self, case: Case, ann: Agent, bob: Agent, real_redis: RealRedis
    ) -> None:
        with listening(real_redis) as ear:
            transfers.to_agent(case.id, ann, bob.id, note="difficult")
            heard = ear.everything()
        (push,) = to_customers(heard)
        assert (push["agent"], push["messages"]) == ("Bob", [])
        assert "difficult" not in str(payloads.chat(case, visitor_chats.unseen(make.fresh(case), "").messages))
        assert topics.agent(bob.id) in {topic for frame in heard for topic in frame.topics}

    def test_a_limited_agent_gets_it_by_name_and_sees_it_then(self, case: Case, ann: Agent, bob: Agent) -> None:
        access_levels.give(bob.id, Level(Access.LIMITED))
        assert not access.may_see(bob, case)
        transfers.to_agent(case.id, ann, bob.id)
        assert access.may_see(bob, case)

    def test_a_limited_agent_who_gives_it_away_sees_it_no_more(self, case: Case, ann: Agent, bob: Agent) -> None:
        access_levels.give(ann.id, Level(Access.LIMITED))
        transfers.to_agent(case.id, ann, bob.id)
        assert not access.may_see(ann, case)


class TestToAGroup:
    def test_it_waits_there_for_whoever_takes_it(self, case: Case, ann: Agent) -> None:
        sales, here = groups.named("Sales"), case.group_id
        transfers.to_group(case.id, ann, sales.id)
        after = make.fresh(case)
        assert (after.group_id, after.fixated_to_id, after.assignee_id) == (sales.id, None, None)
        assert (here, after.passed_over) != (sales.id, [])
        assert events_of(case) == [
            ("group_changed", {"group": sales.id, "by": ann.id}),
            ("chat_released", {"agent": ann.id, "by": ann.id}),
        ]
        assert thread(case)[-1] == (Author.SYSTEM, "Ann transferred this chat to the group Sales.")

    def test_back_to_the_new_ones_of_its_own_group(self, case: Case, ann: Agent) -> None:
        transfers.to_group(case.id, ann, case.group_id)
        assert make.fresh(case).fixated_to_id is None
        with pytest.raises(InvalidInput, match="waits in that group already"):
            transfers.to_group(case.id, ann, case.group_id)

    def test_who_looks_after_the_case_and_may_not_see_it_there_does_so_no_more(
        self, case: Case, ann: Agent, bob: Agent
    ) -> None:
        with unit_of_work() as session:
            session.get_one(Case, case.id).assignee_id = bob.id
        access_levels.give(bob.id, Level(Access.GROUPS, {case.group_id: []}))
        transfers.to_group(case.id, ann, groups.named("Sales").id)
        assert make.fresh(case).assignee_id is None

    def test_a_group_that_is_not_in_use_or_does_not_exist_is_refused(self, case: Case, ann: Agent) -> None:
        closed = groups.named("Closed")
        groups.close(closed.id, case.group_id)
        for group_id in (closed.id, 999):
            with pytest.raises(InvalidInput, match="Choose another"):
                transfers.to_group(case.id, ann, group_id)


def _offline(bob: Agent, _case: Case) -> None:
    statuses.choose(bob.id, statuses.built_in(StatusKind.OFFLINE).id)


def _without_chats(bob: Agent, _case: Case) -> None:
    statuses.choose(bob.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)


def _not_connected(bob: Agent, _case: Case) -> None:
    with unit_of_work() as session:
        session.get_one(Agent, bob.id).connected_until = clock.now() - timedelta(seconds=1)


def _without_the_group(bob: Agent, _case: Case) -> None:
    access_levels.give(bob.id, Level(Access.GROUPS, {groups.named("Sales").id: []}))


def _without_the_channel(bob: Agent, case: Case) -> None:
    access_levels.give(bob.id, Level(Access.GROUPS, {case.group_id: ["live_chat"]}))


def _without_the_channel_anywhere(bob: Agent, _case: Case) -> None:
    access_levels.give(bob.id, Level(without=["live_chat"]))


def _only_looking(bob: Agent, _case: Case) -> None:
    access_levels.give(bob.id, Level(Access.VIEW_ONLY))


class TestWhoCannotTakeIt:
    @pytest.mark.parametrize(
        ("become", "obstacle"),
        [
            (_offline, Obstacle.AWAY),
            (_without_chats, Obstacle.AWAY),
            (_not_connected, Obstacle.AWAY),
            (_without_the_group, Obstacle.NO_ACCESS),
            (_without_the_channel, Obstacle.NO_ACCESS),
            (_without_the_channel_anywhere, Obstacle.NO_ACCESS),
            (_only_looking, Obstacle.NO_ACCESS),
        ],
    )
    def test_it_is_refused_with_the_reason_that_the_list_shows(
        self, case: Case, ann: Agent, bob: Agent, become: Callable[[Agent, Case], None], obstacle: Obstacle
    ) -> None:
        become(bob, case)
        (listed,) = transfers.colleagues(case, ann)
        assert (listed.agent.id, listed.obstacle) == (bob.id, obstacle)
        with pytest.raises(InvalidInput, match=r"^Bob (is not available|may not see)"):
            transfers.to_agent(case.id, ann, bob.id)
        assert make.fresh(case).fixated_to_id == ann.id

    def test_the_list_has_everyone_else_with_their_chats_those_who_can_take_it_first(
        self, case: Case, ann: Agent, bob: Agent
    ) -> None:
        away, free = make.agent("Al"), make.agent("Cy")
        _offline(away, case)
        chats.take(make.chat(visitor="other").id, bob)
        with unit_of_work() as session:
            session.get_one(Agent, bob.id).capacity = 3
        usual = settings.chats().chats_at_once
        listed = [(one.agent.name, one.chats, one.capacity, one.obstacle) for one in transfers.colleagues(case, ann)]
        assert listed == [("Bob", 1, 3, None), (free.name, 0, usual, None), ("Al", 0, usual, Obstacle.AWAY)]

    def test_many_chats_are_no_reason(self, case: Case, ann: Agent, bob: Agent) -> None:
        with unit_of_work() as session:
            session.get_one(Agent, bob.id).capacity = 1
        chats.take(make.chat(visitor="other").id, bob)
        transfers.to_agent(case.id, ann, bob.id)
        assert make.fresh(case).fixated_to_id == bob.id

    def test_nobody_transfers_to_themselves_or_to_no_one(self, case: Case, ann: Agent) -> None:
        for agent_id in (ann.id, 999):
            with pytest.raises(InvalidInput, match="Choose another"):
                transfers.to_agent(case.id, ann, agent_id)


class TestWhoMayTransfer:
    def test_anyone_who_may_answer_if_nobody_has_it(self, ann: Agent, bob: Agent) -> None:
        case = make.chat()
        transfers.to_agent(case.id, ann, bob.id)
        assert make.fresh(case).assignee_id == bob.id

    def test_a_colleagues_chat_only_knowingly(self, case: Case, ann: Agent, bob: Agent) -> None:
        cy = make.agent("Cy")
        with pytest.raises(ChatTaken) as refused:
            transfers.to_agent(case.id, cy, bob.id)
        assert refused.value.agent_id == ann.id
        transfers.to_agent(case.id, cy, bob.id, instead_of=ann.id)
        assert make.fresh(case).fixated_to_id == bob.id

    def test_not_if_somebody_else_has_taken_it_meanwhile(self, case: Case, ann: Agent, bob: Agent) -> None:
        chats.take(case.id, bob, instead_of=ann.id)
        with pytest.raises(ChatTaken):
            transfers.to_group(case.id, ann, groups.named("Sales").id)

    def test_not_from_where_it_has_been_moved_meanwhile(self, ann: Agent, bob: Agent) -> None:
        case, sales, billing = make.chat(), groups.named("Sales"), groups.named("Billing")
        seen_in = case.group_id
        transfers.to_group(case.id, ann, sales.id, seen_in=seen_in)
        for send, to in ((transfers.to_group, billing), (transfers.to_agent, bob)):
            with pytest.raises(InvalidInput) as refused:
                send(case.id, ann, to.id, seen_in=seen_in)
            assert refused.value.values == {"name": "Sales"}
        assert make.fresh(case).group_id == sales.id

    def test_not_once_it_has_ended(self, case: Case, ann: Agent, bob: Agent) -> None:
        chats.end(case.id, ann, "open")
        with pytest.raises(ChatEnded):
            transfers.to_agent(case.id, ann, bob.id)

    def test_nobody_who_does_not_see_it_or_may_not_answer(self, case: Case, bob: Agent) -> None:
        stranger, watching = make.agent("Cy"), make.agent("Dee")
        access_levels.give(stranger.id, Level(Access.LIMITED))
        with pytest.raises(CaseNotFound):
            transfers.to_agent(case.id, stranger, bob.id)
        with unit_of_work() as session:
            status = statuses.of(watching)
            looks = type(status)(kind=StatusKind.CUSTOM, name="Looks", cases="view", chats="view")
            session.add(looks)
            session.flush()
            session.get_one(Agent, watching.id).status_id = looks.id
        with pytest.raises(Forbidden):
            transfers.to_agent(case.id, watching, bob.id)


def test_a_note_that_is_too_long_leaves_everything_as_it_was(case: Case, ann: Agent, bob: Agent) -> None:
    with pytest.raises(InvalidInput):
        transfers.to_agent(case.id, ann, bob.id, note="x" * 20_001)
    assert make.fresh(case).fixated_to_id == ann.id
    assert len(messages.latest(case.id)) == 1
