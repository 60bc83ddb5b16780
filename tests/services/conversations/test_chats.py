"""The state machine of a chat: product.md §2.2, row by row, with its edge cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.base import Author
from extensions import db
from models import Access, Agent, Case, Distribution, Event, EventKind, Group, Message, Status
from services import access, settings
from services.conversations import cases, chat_list, chats, messages
from services.distributing import giving
from services.distributing.distribution import Gift
from services.errors import AnotherChatActive, CaseNotFound, ChatEnded, ChatTaken, InvalidInput
from services.settings import ChatSettings
from services.team import access_levels
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.databases.test_writers import at_once

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def desk(app: Flask) -> Flask:
    """Every test has a desk."""
    return app


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def count_cases() -> int:
    return db.session.scalar(select(func.count(Case.id))) or 0


def end_by_silence(case: Case) -> bool:
    assert case.ends_at is not None
    return chats.end_silent(case.id, case.ends_at)


class TestACustomerWrites:
    def test_first_message_opens_an_active_chat_that_nobody_has(self) -> None:
        case = make.chat("Where is my order?")
        assert (case.active, case.status, case.fixated_to_id) == (True, Status.OPEN, None)
        assert (case.subject, case.unread) == ("Where is my order?", 1)

    def test_an_active_chat_is_not_in_the_list_of_all_cases(self) -> None:
        make.chat()
        assert cases.ended(make.agent()).rows == []

    def test_second_message_goes_into_the_same_chat(self) -> None:
        first = make.chat("one")
        assert make.chat("two").id == first.id
        assert [message.text for message in messages.latest(first.id)] == ["one", "two"]

    def test_a_message_after_the_end_reactivates_an_open_case_and_nobody_has_it(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.reply(case.id, ann, "hello")
        chats.end(case.id, ann, "pending")
        again = make.chat("one more thing")
        assert again.id == case.id
        assert (again.active, again.status, again.fixated_to_id) == (True, Status.OPEN, None)

    def test_a_message_after_closing_opens_a_new_case(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.end(case.id, ann, "closed")
        assert make.chat("another thing").id != case.id
        assert count_cases() == 2

    def test_the_same_external_id_counts_once(self) -> None:
        website = make.website()
        first = chats.receive(website, make.incoming("hi", id="m1"))
        second = chats.receive(website, make.incoming("hi", id="m1"))
        assert first.id == second.id
        assert db.session.scalar(select(func.count(Message.id))) == 1

    def test_the_same_client_key_counts_once_even_after_the_case_was_closed(self) -> None:
        website, ann = make.website(), make.agent()
        first = chats.receive(website, make.incoming("hi", id=""), client_key="k")
        chats.end(first.case_id, ann, "closed")
        assert chats.receive(website, make.incoming("hi", id=""), client_key="k").id == first.id
        assert count_cases() == 1

    def test_client_keys_of_two_visitors_do_not_meet(self) -> None:
        website = make.website()
        first = chats.receive(website, make.incoming("a", id="", visitor="one"), client_key="k")
        second = chats.receive(website, make.incoming("b", id="", visitor="two"), client_key="k")
        assert first.id != second.id

    def test_an_empty_message_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            chats.receive(make.website(), make.incoming(" \n "))

    def test_control_and_direction_characters_are_removed(self) -> None:
        case = make.chat("pay\u202e now\x00")
        assert messages.latest(case.id)[0].text == "pay now"


class TestLateMessages:
    def test_a_late_message_stands_where_it_was_said(self) -> None:
        chatra = make.chatra()
        moments = [NOON + timedelta(seconds=second) for second in (0, 10, 20)]
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            for text, moment in zip(("one", "three", "two"), (moments[0], moments[2], moments[1]), strict=True):
                message = chats.receive(chatra, make.incoming(text, said_at=moment))
        assert [found.text for found in messages.latest(message.case_id)] == ["one", "two", "three"]

    @pytest.mark.parametrize("status", ["pending", "closed"])
    def test_a_customers_late_words_stand_where_they_were_said_and_bring_the_ended_chat_back(self, status: str) -> None:
        chatra, ann = make.chatra(), make.agent()
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            case = make.case_of(chats.receive(chatra, make.incoming("one", said_at=NOON)))
            chats.receive(chatra, make.incoming("three", said_at=NOON + timedelta(seconds=20)))
            chats.end(case.id, ann, status)
            chats.receive(chatra, make.incoming("two", said_at=NOON + timedelta(seconds=10)))
        assert (make.fresh(case).active, case.unread) == (True, 1)
        assert [found.text for found in messages.latest(case.id)] == ["one", "two", "three"]
        assert case.last_words == "three"

    def test_late_words_of_an_earlier_case_go_there_and_disturb_nobody(self) -> None:
        chatra, ann = make.chatra(), make.agent()
        with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
            old = make.case_of(chats.receive(chatra, make.incoming("one", said_at=NOON)))
            chats.receive(chatra, make.incoming("three", said_at=NOON + timedelta(seconds=20)))
            chats.end(old.id, ann, "closed")
            new = chats.receive(chatra, make.incoming("new", said_at=NOON + timedelta(seconds=30)))
            late = chats.receive(chatra, make.incoming("two", said_at=NOON + timedelta(seconds=10)))
        assert (late.case_id, new.case_id != old.id) == (old.id, True)
        assert not make.fresh(old).active

    def test_a_vendor_whose_clock_is_behind_still_reactivates_and_restarts_the_silence(self) -> None:
        chatra, ann = make.chatra(), make.agent()
        behind = timedelta(minutes=7)
        with time_machine.travel(NOON, tick=False) as clock:
            case = make.case_of(chats.receive(chatra, make.incoming("hi", said_at=NOON - behind)))
            chats.reply(case.id, ann, "hello")
            clock.shift(timedelta(minutes=2))
            chats.receive(chatra, make.incoming("and?", said_at=NOON + timedelta(minutes=2) - behind))
            assert make.fresh(case).ends_at == NOON + timedelta(minutes=12)
            chats.end(case.id, ann, "pending")
            clock.shift(timedelta(minutes=1))
            chats.receive(chatra, make.incoming("hello?", said_at=NOON + timedelta(minutes=3) - behind))
        assert make.fresh(case).active

    def test_a_time_in_the_future_counts_as_now(self, clock: time_machine.Traveller) -> None:
        message = chats.receive(make.chatra(), make.incoming(said_at=NOON + timedelta(days=1)))
        assert message.said_at == NOON

    def test_what_was_written_in_the_vendors_app_after_the_end_reactivates(self, clock: time_machine.Traveller) -> None:
        chatra, ann = make.chatra(), make.agent()
        case = make.case_of(chats.receive(chatra, make.incoming(said_at=NOON)))
        chats.end(case.id, ann, "pending")
        clock.shift(60)
        later = NOON + timedelta(seconds=60)
        chats.receive(chatra, make.incoming("from the app", author=Author.AGENT, said_at=later))
        assert make.fresh(case).active


class TestAnAgentTakesAndAnswers:
    def test_taking_fixates_and_assigns(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.take(case.id, ann)
        assert (make.fresh(case).fixated_to_id, case.assignee_id) == (ann.id, ann.id)

    def test_answering_takes_too(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.reply(case.id, ann, "hello")
        assert make.fresh(case).fixated_to_id == ann.id

    def test_of_two_who_take_it_the_first_has_it_and_the_second_learns_who(self) -> None:
        ann, bob, case = make.agent("Ann"), make.agent("Bob"), make.chat()
        chats.take(case.id, ann)
        with pytest.raises(ChatTaken) as refusal:
            chats.take(case.id, bob)
        assert refusal.value.by == "Ann"

    def test_answering_a_colleagues_chat_is_refused_and_adds_nothing(self) -> None:
        ann, bob, case = make.agent("Ann"), make.agent("Bob"), make.chat()
        chats.take(case.id, ann)
        with pytest.raises(ChatTaken):
            chats.reply(case.id, bob, "me too")
        assert len(messages.latest(case.id)) == 1

    def test_taking_over_knowingly_works(self) -> None:
        ann, bob, case = make.agent("Ann"), make.agent("Bob"), make.chat()
        chats.take(case.id, ann)
        chats.take(case.id, bob, instead_of=ann.id)
        assert make.fresh(case).fixated_to_id == bob.id

    def test_taking_over_from_someone_who_no_longer_has_it_is_refused(self) -> None:
        ann, bob, eve, case = make.agent("Ann"), make.agent("Bob"), make.agent("Eve"), make.chat()
        chats.take(case.id, bob)
        with pytest.raises(ChatTaken):
            chats.take(case.id, eve, instead_of=ann.id)

    def test_the_same_send_twice_counts_once(self) -> None:
        ann, case = make.agent(), make.chat()
        first = chats.reply(case.id, ann, "hello", client_key="k")
        assert chats.reply(case.id, ann, "hello", client_key="k").id == first.id

    def test_an_answer_clears_what_was_unread_and_the_waiting(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.reply(case.id, ann, "hello")
        assert (make.fresh(case).unread, case.waiting_since) == (0, None)

    def test_an_answer_in_an_ended_chat_reactivates_it_for_that_agent(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.end(case.id, ann, "closed")
        chats.reply(case.id, ann, "one more thing")
        assert (make.fresh(case).active, case.fixated_to_id, case.status) == (True, ann.id, Status.OPEN)

    def test_an_old_case_cannot_be_reactivated_beside_a_newer_active_chat(self) -> None:
        ann, old = make.agent(), make.chat()
        chats.end(old.id, ann, "closed")
        new = make.chat("again")
        with pytest.raises(AnotherChatActive) as refusal:
            chats.reply(old.id, ann, "hello")
        assert refusal.value.case_id == new.id

    def test_after_an_agent_took_up_an_older_case_the_customers_next_words_go_there(self) -> None:
        ann, old = make.agent(), make.chat()
        chats.end(old.id, ann, "closed")
        chats.end(make.chat("again").id, ann, "closed")
        chats.reply(old.id, ann, "about your first question")
        assert make.chat("yes?").id == old.id

    def test_a_case_that_does_not_exist_is_not_found(self) -> None:
        with pytest.raises(CaseNotFound):
            chats.take(999, make.agent())

    def test_an_answer_longer_than_the_channel_takes_is_refused(self) -> None:
        agent = make.agent()
        for channel, longest in ((make.website(), 10_000), (make.chatra(), 20_000)):
            case = make.chat(channel=channel)
            with pytest.raises(InvalidInput):
                chats.reply(case.id, agent, "x" * (longest + 1))

    def test_only_the_owner_reads(self) -> None:
        ann, bob, case = make.agent("Ann"), make.agent("Bob"), make.chat()
        chats.take(case.id, ann)
        chats.read(case.id, bob)
        assert make.fresh(case).unread == 1
        chats.read(case.id, ann)
        assert make.fresh(case).unread == 0


class TestAChatEnds:
    @pytest.mark.parametrize("status", ["open", "pending", "closed"])
    def test_the_agent_ends_it_with_a_status_and_it_joins_the_list(self, status: str) -> None:
        ann, case = make.agent(), make.chat()
        chats.end(case.id, ann, status)
        assert (make.fresh(case).active, case.status) == (False, status)
        assert [row.id for row in cases.ended(ann).rows] == [case.id]
        assert chat_list.rows(ann) == []

    def test_it_ends_once(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.end(case.id, ann, "open")
        with pytest.raises(ChatEnded):
            chats.end(case.id, ann, "closed")

    def test_an_unknown_status_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            chats.end(make.chat().id, make.agent(), "solved")

    def test_ten_silent_minutes_after_the_customer_leave_it_open(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        assert case.ends_at == NOON + timedelta(minutes=10)
        clock.shift(600)
        assert chats.due(NOON + timedelta(minutes=10)) == [(case.id, case.ends_at)]
        assert end_by_silence(case)
        assert (make.fresh(case).active, case.status) == (False, Status.OPEN)

    def test_ten_silent_minutes_after_the_agent_leave_it_pending(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        chats.reply(case.id, make.agent(), "hello")
        clock.shift(600)
        assert end_by_silence(make.fresh(case))
        assert make.fresh(case).status == Status.PENDING

    def test_nine_minutes_and_59_seconds_end_nothing(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        clock.shift(599)
        assert chats.due(NOON + timedelta(seconds=599)) == []
        assert not end_by_silence(case)

    def test_every_message_restarts_the_silence(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        clock.shift(300)
        make.chat("still there?")
        assert make.fresh(case).ends_at == NOON + timedelta(minutes=15)

    def test_a_bot_does_not_restart_it_nor_counts_as_last_author(self, clock: time_machine.Traveller) -> None:
        chatra = make.chatra()
        case = make.case_of(chats.receive(chatra, make.incoming()))
        clock.shift(300)
        chats.receive(chatra, make.incoming("beep", author=Author.BOT))
        assert (make.fresh(case).ends_at, case.last_author) == (NOON + timedelta(minutes=10), "customer")

    def test_a_chat_that_a_bot_began_ends_too(self, clock: time_machine.Traveller) -> None:
        case = make.case_of(chats.receive(make.chatra(), make.incoming("beep", author=Author.BOT)))
        clock.shift(600)
        assert end_by_silence(case)

    def test_customer_message_in_the_second_of_auto_end_reactivates_the_same_case(
        self, clock: time_machine.Traveller
    ) -> None:
        case = make.chat()
        clock.shift(600)
        assert end_by_silence(case)
        assert make.chat("wait").id == case.id
        assert make.fresh(case).active

    def test_an_end_that_was_decided_before_a_message_came_does_not_happen(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        missed = case.ends_at
        clock.shift(600)
        make.chat("wait")
        assert missed is not None
        assert not chats.end_silent(case.id, missed)
        assert make.fresh(case).active

    def test_a_sweep_that_runs_twice_ends_it_once(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        deadline = case.ends_at
        clock.shift(600)
        assert deadline is not None
        assert [chats.end_silent(case.id, deadline), chats.end_silent(case.id, deadline)] == [True, False]

    def test_zero_minutes_end_a_chat_at_once(self, clock: time_machine.Traveller) -> None:
        settings.change_chats(ChatSettings(0, 0, True))
        case = make.chat()
        assert end_by_silence(case)


class TestPostponing:
    def test_it_adds_five_minutes_to_the_deadline_and_may_be_repeated(self, clock: time_machine.Traveller) -> None:
        ann, case = make.agent(), make.chat()
        chats.postpone(case.id, ann)
        chats.postpone(case.id, ann)
        assert make.fresh(case).ends_at == NOON + timedelta(minutes=20)

    def test_it_is_logged(self) -> None:
        ann, case = make.agent(), make.chat()
        chats.postpone(case.id, ann)
        kinds = db.session.scalars(select(Event.kind).where(Event.case_id == case.id)).all()
        assert EventKind.CHAT_POSTPONED in kinds

    def test_it_can_be_switched_off(self) -> None:
        settings.change_chats(ChatSettings(10, 2, False))
        with pytest.raises(InvalidInput):
            chats.postpone(make.chat().id, make.agent())

    def test_new_minutes_move_the_deadlines_of_active_chats(self, clock: time_machine.Traveller) -> None:
        case = make.chat()
        settings.change_chats(ChatSettings(3, 1, True))
        assert make.fresh(case).ends_at == NOON + timedelta(minutes=3)


class TestTheRecord:
    def test_rev_grows_with_every_change(self) -> None:
        ann, case = make.agent(), make.chat()
        revs = [case.rev]
        chats.take(case.id, ann)
        revs.append(make.fresh(case).rev)
        chats.reply(case.id, ann, "hello")
        revs.append(make.fresh(case).rev)
        assert revs == sorted(set(revs))

    def test_catching_up_by_rev_brings_what_came_after(self) -> None:
        case = make.chat("one")
        rev = case.rev
        make.chat("two")
        assert [message.text for message in messages.since(case.id, rev)] == ["two"]

    def test_words_of_the_desk_keep_their_order_when_the_clock_is_set_back(self) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            case = make.chat("one")
            clock.shift(-3600)
            make.chat("two")
        assert [message.text for message in messages.latest(case.id)] == ["one", "two"]


class TestFixatedIsNotAssigned:
    @pytest.mark.parametrize("act", [chats.take, lambda case_id, agent: chats.reply(case_id, agent, "hello")])
    def test_taking_and_answering_fixate_and_assign_what_nobody_looks_after(
        self, act: Callable[[int, Agent], object]
    ) -> None:
        case, ann = make.chat(), make.agent()
        act(case.id, ann)
        after = make.fresh(case)
        assert (after.fixated_to_id, after.assignee_id) == (ann.id, ann.id)

    def test_a_colleagues_case_stays_theirs_whoever_has_the_chat(self) -> None:
        case, ann, bob = make.chat(), make.agent("Ann"), make.agent("Bob")
        chats.take(case.id, ann)
        chats.take(case.id, bob, instead_of=ann.id)
        after = make.fresh(case)
        assert (after.fixated_to_id, after.assignee_id) == (bob.id, ann.id)

    def test_a_chat_that_begins_again_is_nobodys_and_its_case_still_assigned(self) -> None:
        case, ann = make.chat(), make.agent()
        chats.take(case.id, ann)
        chats.end(case.id, ann, "pending")
        make.chat("one more thing")
        after = make.fresh(case)
        assert (after.fixated_to_id, after.assignee_id) == (None, ann.id)

    def test_limited_agents_see_what_is_assigned_and_what_is_fixated_to_them(self) -> None:
        case, ann, bob = make.chat(), make.agent("Ann"), make.agent("Bob")
        chats.take(case.id, ann)
        chats.take(case.id, bob, instead_of=ann.id)
        for agent in (ann, bob):
            access_levels.give(agent.id, Level(Access.LIMITED))
        assert [access.may_see(agent, make.fresh(case)) for agent in (ann, bob)] == [True, True]
        assert [row.id for row in chat_list.rows(bob)] == [case.id]
        chats.end(case.id, bob, "pending")
        assert [access.may_see(agent, make.fresh(case)) for agent in (ann, bob)] == [True, False]


class TestTakingAndGivingInTheSameMoment:
    @pytest.fixture
    def case(self) -> Case:
        """A chat of a group whose chats are given in turn."""
        case = make.chat()
        with unit_of_work() as session:
            session.get_one(Group, case.group_id).distribution = Distribution.ROUND_ROBIN
        return case

    def test_what_was_taken_meanwhile_is_not_given(self, case: Case) -> None:
        ann, bob = make.agent("Ann"), make.agent("Bob")
        gift = Gift(case.id, bob.id)
        chats.take(case.id, ann)
        assert not giving.give(gift)
        assert make.fresh(case).fixated_to_id == ann.id

    def test_whoever_takes_what_was_given_meanwhile_is_told_to_whom(self, case: Case) -> None:
        ann, bob = make.agent("Ann"), make.agent("Bob")
        giving.give(Gift(case.id, bob.id))
        with pytest.raises(ChatTaken) as refused:
            chats.take(case.id, ann)
        assert (refused.value.by, refused.value.agent_id) == ("Bob", bob.id)

    def test_of_many_at_once_one_has_it_and_all_others_are_told_who(self, app: Flask, case: Case) -> None:
        agents = [make.agent(name) for name in ("Ann", "Bob", "Cy", "Dee")]

        def give() -> str:
            giving.give_away()
            return ""

        takers = [partial(who_has_it, case, agent) for agent in agents]
        told = at_once(app, give, *takers)[1:]
        owner = db.session.get_one(Agent, db.session.get_one(Case, case.id).fixated_to_id)
        assert set(told) == {owner.name}


def who_has_it(case: Case, agent: Agent) -> str:
    """Who has the chat after this agent has tried to take it, as they are told."""
    try:
        chats.take(case.id, agent)
    except ChatTaken as taken:
        return taken.by
    return agent.name
