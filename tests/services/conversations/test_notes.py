"""Notes: for agents alone. They never reach a customer and change nothing of a chat's course (product.md §2.3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from channels.base import Author
from extensions import db
from models import Access, Agent, Case, Delivery, Event, EventKind, Message, OutboxItem, StatusKind
from realtime import payloads, topics
from services.attendance import statuses
from services.conversations import chat_list, chats, messages, notes, visitor_chats
from services.errors import CaseNotFound, InvalidInput
from services.exchange import outbox
from services.team import access_levels, groups, staffing
from services.team.access_levels import Level
from services.uow import lock_case, unit_of_work
from tests import factories as make
from tests.realtime.test_publish import listening
from tests.redis import RealRedis

SECRET = "This customer is difficult."


@pytest.fixture(autouse=True)
def desk(app: Flask) -> Flask:
    """Every test has a desk."""
    return app


def last_event(case: Case) -> Event:
    query = db.select(Event).where(Event.case_id == case.id).order_by(Event.id.desc()).limit(1)
    return db.session.scalars(query).one()


def mentioned(text: str, case: Case, writer: Agent) -> list[int]:
    notes.add(case.id, writer, text)
    found = last_event(case).data["mentions"]
    assert isinstance(found, list)
    return found


class TestTheCourseOfAChat:
    def test_a_note_is_no_answer(self) -> None:
        case, ann = make.chat("Hello?"), make.agent()
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1), tick=False):
            said = notes.add(case.id, ann, SECRET)
        after = make.fresh(case)
        assert (said.note, said.author, said.delivery) == (True, Author.AGENT, Delivery.NONE)
        kept = ("fixated_to_id", "assignee_id", "ends_at", "unread", "waiting_since", "last_author", "last_words")
        row = chat_list.row(case.id)
        assert row is not None
        assert {name: getattr(after, name) for name in kept} == {
            "fixated_to_id": None,
            "assignee_id": None,
            "ends_at": case.ends_at,
            "unread": 1,
            "waiting_since": case.waiting_since,
            "last_author": "customer",
            "last_words": "Hello?",
        }
        assert SECRET not in row.last_words

    def test_the_silence_goes_on_and_its_end_asks_who_spoke_last_without_it(self) -> None:
        case, ann = make.chat(), make.agent()
        assert case.ends_at is not None
        notes.add(case.id, ann, SECRET)
        with time_machine.travel(case.ends_at, tick=False):
            assert chats.end_silent(case.id, case.ends_at)
        assert make.fresh(case).status == "open"

    def test_an_ended_chat_stays_ended(self) -> None:
        case, ann = make.chat(), make.agent()
        chats.end(case.id, ann, "pending")
        notes.add(case.id, ann, SECRET)
        after = make.fresh(case)
        assert (after.active, after.status, after.fixated_to_id) == (False, "pending", None)

    def test_a_customers_late_words_are_still_the_last_ones(self) -> None:
        chatra, ann, now = make.chatra(), make.agent(), datetime.now(UTC)
        case = make.case_of(chats.receive(chatra, make.incoming("one", said_at=now - timedelta(seconds=9))))
        notes.add(case.id, ann, SECRET)
        chats.receive(chatra, make.incoming("two", said_at=now - timedelta(seconds=5)))
        assert make.fresh(case).last_words == "two"

    def test_the_same_send_twice_is_one_note(self) -> None:
        case, ann = make.chat(), make.agent()
        first = notes.add(case.id, ann, SECRET, client_key="k")
        assert notes.add(case.id, ann, SECRET, client_key="k").id == first.id
        with pytest.raises(InvalidInput):
            notes.add(case.id, ann, "  ")


class TestWhoMayWriteOne:
    def test_a_colleague_whose_chat_it_is_not(self) -> None:
        case, ann, bob = make.chat(), make.agent(), make.agent("Bob")
        chats.take(case.id, ann)
        notes.add(case.id, bob, "I know them.")
        assert make.fresh(case).fixated_to_id == ann.id

    def test_whoever_only_looks(self) -> None:
        case, ann = make.chat(), make.agent()
        chats.end(case.id, ann, "open")
        viewer = make.agent("Vera")
        access_levels.give(viewer.id, Level(Access.VIEW_ONLY))
        assert notes.add(case.id, viewer, "Seen.").note

    def test_without_chats_in_ended_ones_alone(self) -> None:
        ended, active, ann = make.chat(visitor="a"), make.chat(visitor="b"), make.agent()
        chats.end(ended.id, ann, "open")
        statuses.choose(ann.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
        assert notes.add(ended.id, ann, "Seen.").note
        with pytest.raises(CaseNotFound):
            notes.add(active.id, ann, "Seen.")

    def test_nobody_who_does_not_see_the_case(self) -> None:
        case, stranger = make.chat(), make.agent()
        access_levels.give(stranger.id, Level(Access.LIMITED))
        with pytest.raises(CaseNotFound):
            notes.add(case.id, stranger, "Seen.")


class TestMentions:
    def test_the_longest_name_that_stands_there_is_meant(self) -> None:
        case, ann, bob, lee = make.chat(), make.agent("Ann"), make.agent("Bob"), make.agent("Lee")
        with unit_of_work() as session:
            session.get_one(Agent, lee.id).name = "Bob Lee"
        assert mentioned("@Bob Lee, please look", case, ann) == [lee.id]
        assert mentioned("@Bob, @Bob Lee: both", case, ann) == [bob.id, lee.id]
        assert mentioned("(@Bob)", case, ann) == [bob.id]

    def test_an_address_or_a_longer_word_calls_nobody(self) -> None:
        case, ann = make.chat(), make.agent("Ann")
        make.agent("Bob")
        assert mentioned("mail@Bob and @Bobby and @bob", case, ann) == []
        assert mentioned("no names at all", case, ann) == []

    def test_who_may_not_see_the_case_or_writes_it_is_not_called(self) -> None:
        case, ann, outside, gone = make.chat(), make.agent("Ann"), make.agent("Out"), make.agent("Gone")
        access_levels.give(outside.id, Level(Access.GROUPS, {groups.named("Sales").id: []}))
        staffing.disable(gone.id, ann.id)
        assert mentioned("@Ann @Out @Gone", case, ann) == []

    def test_who_is_away_is_called_all_the_same(self) -> None:
        case, ann, bob = make.chat(), make.agent("Ann"), make.agent("Bob")
        statuses.choose(bob.id, statuses.built_in(StatusKind.OFFLINE).id)
        assert mentioned("@Bob", case, ann) == [bob.id]

    def test_an_answer_calls_nobody(self) -> None:
        case, ann = make.chat(), make.agent("Ann")
        make.agent("Bob")
        chats.reply(case.id, ann, "@Bob")
        assert "mentions" not in last_event(case).data


class TestNoCustomerEverSeesOne:
    @pytest.fixture
    def case(self) -> Case:
        """A chat of our widget with a note in it."""
        case, ann = make.chat("Hello"), make.agent()
        chats.reply(case.id, ann, "Good morning")
        notes.add(case.id, ann, SECRET)
        return make.fresh(case)

    def test_not_by_any_cursor_of_the_catch_up(self, case: Case) -> None:
        for after in ("", *(f"{case.id}:{rev}" for rev in range(case.rev + 1))):
            unseen = visitor_chats.unseen(case, after)
            assert SECRET not in json.dumps(payloads.chat(case, unseen.messages)), after

    def test_not_when_an_older_case_is_caught_up_with(self, case: Case) -> None:
        ann = make.agent()
        chats.end(case.id, ann, "closed")
        newer = make.chat("Another thing")
        notes.add(newer.id, ann, SECRET)
        for after in ("", f"{case.id}:0", f"{newer.id}:0"):
            unseen = visitor_chats.unseen(make.fresh(newer), after)
            assert SECRET not in json.dumps(payloads.chat(newer, unseen.messages)), after

    def test_not_even_if_somebody_asked_for_it(self, case: Case) -> None:
        assert [said["text"] for said in payloads.chat(case, messages.latest(case.id))["messages"]] == [
            "Hello",
            "Good morning",
        ]

    def test_many_notes_hide_no_words(self, case: Case) -> None:
        ann = make.agent()
        with unit_of_work():
            for number in range(messages.LATEST):
                notes.write(lock_case(case.id), ann, f"note {number}")
        texts = [said.text for said in visitor_chats.unseen(make.fresh(case), "").messages]
        assert texts == ["Hello", "Good morning"]

    def test_not_by_a_push_and_not_even_that_there_was_one(self, case: Case, real_redis: RealRedis) -> None:
        ann = make.agent("Ann")
        with listening(real_redis) as ear:
            notes.add(case.id, ann, SECRET)
            heard = ear.everything()
        told = {topic for frame in heard for topic in frame.topics if SECRET in frame.payload}
        assert topics.agent(ann.id) in told
        assert topics.customer(case.customer.public_id) not in {topic for frame in heard for topic in frame.topics}

    def test_not_by_the_vendor(self) -> None:
        case, ann = make.chat(channel=make.chatra()), make.agent()
        said = notes.add(case.id, ann, SECRET)
        assert db.session.scalar(db.select(db.func.count(OutboxItem.id))) == 0
        with pytest.raises(InvalidInput):
            outbox.send_again(said.id, ann)
        assert db.session.get_one(Message, said.id).delivery == Delivery.NONE

    def test_the_changelog_says_that_an_agent_wrote_something(self, case: Case) -> None:
        event = last_event(case)
        assert (event.kind, event.data["mentions"]) == (EventKind.MESSAGE_ADDED, [])
