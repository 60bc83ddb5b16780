"""The log of a connection: deliveries and calls as one list, page by page, with the cases that the reader may see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from extensions import db
from jobs.adapters import adapter_of
from models import Access, Agent, Case, Channel, InboxItem, OutboxItem, Verb
from services.conversations import chats, corrections, messages
from services.exchange import inbox, intake, log, log_bodies, outbox
from services.exchange.log import Cursor, Line, Show
from services.team import access_levels
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make
from tests.channels.factories import CLIENT_ID, delivery, fragment, said

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def chatra(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", admin=True)


def comes(chatra: Channel, text: str, *, fetched: bool = False) -> None:
    """A visitor's words come in and are applied."""
    adapter = adapter_of(chatra.id)
    body = fragment(said(text, id=text)).body
    intake.accept(chatra, adapter, delivery({"client": body["client"]} if fetched else body, fetched=fetched))
    while inbox.apply_next(f"channel:{chatra.id}:{CLIENT_ID}", adapter) is not None:
        pass


def comes_to_nothing(chatra: Channel) -> None:
    """What nobody understands comes in."""
    body = {"eventName": "agentJoined", "client": {"id": "x"}}
    intake.accept(chatra, adapter_of(chatra.id), delivery(body, nonce=intake.new_nonce()))


def the_case() -> Case:
    db.session.rollback()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc())).first() or Case()


def fails(state: str, reason: str = "") -> None:
    """The last call comes to this."""
    with unit_of_work() as session:
        item = session.scalars(db.select(OutboxItem).order_by(OutboxItem.id.desc()).limit(1)).one()
        item.state, item.reason, item.settled_at = state, reason, NOON
        item.message.delivery = {"done": "sent"}.get(state, state)


def told(line: Line) -> tuple[bool, str, str]:
    return line.is_call, line.event, line.state


def everything(chatra: Channel, reader: Agent, *, size: int) -> list[list[Line]]:
    """All pages of the log."""
    pages, after = [], None
    while True:
        page = log.page(chatra, reader, after=after, size=size)
        pages.append(page.lines)
        if page.next is None:
            return pages
        after = page.next


class TestLines:
    def test_both_kinds_stand_in_one_list_newest_first(self, chatra: Channel, boss: Agent) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            comes(chatra, "Hi")
            clock.shift(1)
            chats.reply(the_case().id, boss, "hello")
            clock.shift(1)
            comes(chatra, "and?")
        lines = log.page(chatra, boss).lines
        assert [told(line) for line in lines] == [
            (False, "chatFragment", inbox.DONE),
            (True, Verb.SEND, outbox.READY),
            (False, "chatFragment", inbox.DONE),
        ]
        assert [line.at for line in lines] == [NOON + timedelta(seconds=second) for second in (2, 1, 0)]

    def test_of_another_channel_are_not_among_them(self, chatra: Channel, boss: Agent) -> None:
        comes(make.chatra(), "Hi")
        assert log.page(chatra, boss).lines == []

    def test_pages_show_each_line_once_even_if_the_clock_was_set_back(self, chatra: Channel, boss: Agent) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            for number in range(4):
                comes(chatra, f"words {number}")
                clock.shift(-3600 if number == 1 else 1)
                chats.reply(the_case().id, boss, f"answer {number}")
                clock.shift(1)
        pages = everything(chatra, boss, size=3)
        assert [len(page) for page in pages] == [3, 3, 2]
        shown = [(line.is_call, line.id) for page in pages for line in page]
        assert sorted(shown) == [(is_call, id) for is_call in (False, True) for id in (1, 2, 3, 4)]
        assert [id for is_call, id in shown if is_call] == [4, 3, 2, 1]

    def test_a_page_that_is_just_full_is_the_last(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        assert log.page(chatra, boss, size=1).next is None
        comes(chatra, "more")
        assert str(log.page(chatra, boss, size=1).next) == "2-"
        assert log.page(chatra, boss, after=Cursor(inbox=2), size=1).next is None

    def test_can_be_had_of_one_way_or_of_what_needs_attention_alone(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        comes_to_nothing(chatra)
        for state in ("done", "failed", "unknown"):
            chats.reply(the_case().id, boss, state)
            fails(state)
        found = {show: [line.state for line in log.page(chatra, boss, show=show).lines] for show in Show}
        assert found[Show.IN] == ["aside", "done"]
        assert found[Show.OUT] == ["unknown", "failed", "done"]
        assert found[Show.ATTENTION] == ["unknown", "failed", "aside"]
        assert len(found[Show.EVERYTHING]) == 5

    def test_what_was_made_good_since_needs_no_attention(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        for state in ("failed", "unknown"):
            message = chats.reply(the_case().id, boss, "hello")
            fails(state)
            outbox.send_again(message.id, boss)
            assert log.page(chatra, boss, show=Show.ATTENTION).lines == []
            fails("done")
            last, first = log.page(chatra, boss, show=Show.OUT, size=2).lines
            assert (last.state, last.is_made_good) == ("done", False)
            assert (first.state, first.is_made_good) == (state, True)
            assert log.page(chatra, boss, show=Show.ATTENTION).lines == []

    def test_what_is_applied_again_keeps_its_place(self, chatra: Channel, boss: Agent) -> None:
        for _ in range(3):
            comes_to_nothing(chatra)
        inbox.replay(chatra.id, 2)
        found = {replayed: log.page(chatra, boss, show=Show.ATTENTION, replayed=replayed) for replayed in (None, 2, 9)}
        assert [[line.id for line in page.lines] for page in found.values()] == [[3, 1], [3, 2, 1], [3, 1]]
        assert found[2].lines[1].state == inbox.PENDING

    def test_why_something_is_not_done_is_said_as_long_as_it_is_not(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        chats.reply(the_case().id, boss, "hello")
        for state, shown in (("failed", "it broke"), ("done", "")):
            fails(state, "it broke")
            assert log.page(chatra, boss, show=Show.OUT).lines[0].reason == shown

    def test_the_last_five_are_the_newest(self, chatra: Channel, boss: Agent) -> None:
        for number in range(7):
            comes(chatra, str(number))
        assert [line.id for line in log.latest(chatra, boss)] == [7, 6, 5, 4, 3]


class TestCases:
    def test_each_line_leads_to_the_case_that_it_was_about(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        old = the_case()
        chats.reply(old.id, boss, "hello")
        chats.end(old.id, boss, "closed")
        comes(chatra, "One more thing")
        new = the_case()
        assert new.id != old.id
        lines = sorted(log.page(chatra, boss).lines, key=lambda line: (line.is_call, line.id))
        assert [line.case.id for line in lines if line.case] == [old.id, new.id, old.id]

    def test_those_that_the_reader_may_not_see_are_left_out(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        access_levels.give(boss.id, Level(Access.LIMITED))
        (line,) = log.page(chatra, boss).lines
        assert (line.case, line.conversation) == (None, CLIENT_ID)

    def test_what_names_no_conversation_has_none(self, chatra: Channel, boss: Agent) -> None:
        intake.accept(chatra, adapter_of(chatra.id), delivery({"eventName": "agentJoined"}))
        (line,) = log.page(chatra, boss).lines
        assert (line.case, line.conversation, line.state) == (None, "", inbox.ASIDE)


class TestReplay:
    def can_be_replayed(self, chatra: Channel, boss: Agent) -> bool:
        return log.page(chatra, boss).lines[0].may_replay

    def test_is_offered_for_what_was_set_aside_and_for_what_was_applied(self, chatra: Channel, boss: Agent) -> None:
        comes_to_nothing(chatra)
        assert self.can_be_replayed(chatra, boss)
        comes(chatra, "Hi")
        assert self.can_be_replayed(chatra, boss)

    def test_of_what_was_applied_doubles_nothing(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        chats.end(the_case().id, boss, "open")
        inbox.replay(chatra.id, 1)
        assert db.session.get_one(InboxItem, 1).state == inbox.PENDING
        inbox.apply_next(f"channel:{chatra.id}:{CLIENT_ID}", adapter_of(chatra.id))
        assert db.session.get_one(InboxItem, 1).state == inbox.DONE
        case = the_case()
        assert (case.active, [message.text for message in messages.latest(case.id)]) == (False, ["Hi"])

    def test_is_not_offered_for_customers_data_which_may_be_older_than_ours(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        comes(chatra, "", fetched=True)
        assert not self.can_be_replayed(chatra, boss)
        inbox.replay(chatra.id, 2)
        assert db.session.get_one(InboxItem, 2).state == inbox.DONE

    def test_is_not_offered_once_the_channel_was_disconnected(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        make.disconnected(chatra, "closed")
        db.session.refresh(chatra)
        assert not self.can_be_replayed(chatra, boss)
        inbox.replay(chatra.id, 1)
        assert db.session.get_one(InboxItem, 1).state == inbox.DONE

    def test_is_not_offered_for_calls(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        chats.reply(the_case().id, boss, "hello")
        fails("failed")
        assert not self.can_be_replayed(chatra, boss)


def test_what_was_set_aside_is_counted_for_each_channel(chatra: Channel) -> None:
    other = make.chatra()
    for _ in range(2):
        comes_to_nothing(chatra)
    comes(other, "Hi")
    assert log.set_aside() == {chatra.id: 2}


class TestBodies:
    def test_of_a_delivery_is_what_came_in(self, chatra: Channel) -> None:
        comes(chatra, "Grüße \ud83d")
        text = log_bodies.of_delivery(chatra, 1)
        assert text is not None
        assert json.loads(text)["messages"][0]["text"] == "Grüße ?"
        assert '\n  "eventName": "chatFragment"' in text

    def test_of_a_call_is_what_was_to_be_said_to_whom_in_whose_name(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        chats.reply(the_case().id, boss, "Grüße")
        text = log_bodies.of_call(chatra, 1) or ""
        told = json.loads(text)
        assert told["agent"] == {"name": "Boss", "email": boss.email}
        assert (told["verb"], told["conversation"], told["text"]) == ("send", CLIENT_ID, "Grüße")
        assert "Grüße" in text

    def test_of_a_call_hold_no_words_of_a_message_that_was_deleted(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hello")
        reply = chats.reply(the_case().id, boss, "My password is hunter2")
        assert "hunter2" in (log_bodies.of_call(chatra, 1) or "")
        corrections.delete(reply.id, boss)
        calls = db.session.scalars(db.select(OutboxItem.id)).all()
        told = [log_bodies.of_call(chatra, number) or "" for number in calls]
        assert "hunter2" not in "".join(told)
        assert all('"deleted": true' in text for text in told)

    def test_never_hold_a_key(self, chatra: Channel, boss: Agent) -> None:
        comes(chatra, "Hi")
        chats.reply(the_case().id, boss, "hello")
        for text in (log_bodies.of_delivery(chatra, 1), log_bodies.of_call(chatra, 1)):
            assert not [key for key in chatra.credentials.values() if key in (text or "")]

    def test_of_another_channel_are_not_shown(self, chatra: Channel, boss: Agent) -> None:
        other = make.chatra()
        comes(other, "Hi")
        chats.reply(the_case().id, boss, "hello")
        assert (log_bodies.of_delivery(chatra, 1), log_bodies.of_call(chatra, 1)) == (None, None)
        assert (log_bodies.of_delivery(chatra, 4711), log_bodies.of_call(chatra, 4711)) == (None, None)

    @pytest.mark.parametrize("raw", [b"no JSON \xff", b"[" * 5000 + b"]" * 5000])
    def test_that_cannot_be_read_are_shown_as_they_came(self, chatra: Channel, raw: bytes) -> None:
        comes(chatra, "Hi")
        with unit_of_work() as session:
            session.get_one(InboxItem, 1).body = raw
        assert log_bodies.of_delivery(chatra, 1) == raw.decode("utf-8", "replace")

    def test_that_are_very_long_are_cut(self, chatra: Channel) -> None:
        comes(chatra, "x" * (log_bodies.LONGEST - 1))
        assert len(log_bodies.of_delivery(chatra, 1) or "") == log_bodies.LONGEST
