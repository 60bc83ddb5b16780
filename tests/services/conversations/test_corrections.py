"""Corrections: one's own words, for a day, and never more than the channel can carry over."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from extensions import db
from models import Access, Agent, Attachment, Case, Event, EventKind, Message, OutboxItem, StatusKind
from services import clock
from services.attendance import statuses
from services.conversations import attachments, chats, corrections, messages, notes
from services.errors import CaseNotFound, Forbidden, InvalidInput
from services.events import committed
from services.exchange import channels
from services.team import access_levels
from services.team.access_levels import Level
from tests import factories as make


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    with committed.muted():
        yield


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def case(app: Flask) -> Case:
    """A chat in our own widget."""
    return make.chat("Where is my order?")


@pytest.fixture
def said(case: Case, ann: Agent) -> Message:
    """An answer of Ann's."""
    return chats.reply(case.id, ann, "It left yesterday.")


def fresh(message: Message) -> Message:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True)


def refused(message: Message, agent: Agent) -> list[type[Exception]]:
    """What editing and deleting are refused with."""
    found = []
    for correct in (
        lambda: corrections.edit(message.id, agent, "Other words."),
        lambda: corrections.delete(message.id, agent),
    ):
        with pytest.raises(Exception) as error:  # noqa: PT011  each kind is asked for by the caller
            correct()
        found.append(error.type)
    return found


class TestAnEdit:
    def test_changes_the_words_and_says_so(self, said: Message, ann: Agent, case: Case) -> None:
        before = make.fresh(case).rev
        corrections.edit(said.id, ann, " It left today.\r\n")
        edited = fresh(said)
        assert (edited.text, edited.edited_at is not None, edited.deleted_at) == ("It left today.", True, None)
        assert [message.id for message in messages.since(case.id, before)] == [said.id]

    def test_stands_in_the_list_if_it_was_the_last_word(self, said: Message, ann: Agent, case: Case) -> None:
        corrections.edit(said.id, ann, "It left today.")
        assert make.fresh(case).last_words == "It left today."
        chats.receive(case.channel, make.incoming("Thanks"))
        corrections.edit(said.id, ann, "It left on Monday.")
        assert make.fresh(case).last_words == "Thanks"

    def test_to_the_same_words_is_none(self, said: Message, ann: Agent, case: Case) -> None:
        before = make.fresh(case).rev
        corrections.edit(said.id, ann, "It left yesterday. ")
        assert make.fresh(case).rev == before
        assert fresh(said).edited_at is None

    @pytest.mark.parametrize("text", ["", "  ", "x" * 10_001])
    def test_needs_words_and_not_too_many(self, said: Message, ann: Agent, text: str) -> None:
        with pytest.raises(InvalidInput):
            corrections.edit(said.id, ann, text)
        assert fresh(said).text == "It left yesterday."

    def test_needs_no_words_beside_a_file(self, case: Case, ann: Agent) -> None:
        files = attachments.store([attachments.Upload("a.txt", io.BytesIO(b"plain words"))])
        said = chats.reply(case.id, ann, "Here it is", files=files)
        corrections.edit(said.id, ann, "")
        assert [file.name for file in fresh(said).attachments] == ["a.txt"]

    def test_is_written_down_with_who_made_it(self, said: Message, ann: Agent) -> None:
        corrections.edit(said.id, ann, "It left today.")
        query = db.select(Event).where(Event.kind == EventKind.MESSAGE_CHANGED)
        (event,) = db.session.scalars(query).all()
        assert (event.actor, event.data) == (f"agent_{ann.id}", {"message": said.id, "what": "edited"})

    def test_neither_takes_a_chat_nor_holds_it_open_nor_brings_it_back(
        self, said: Message, ann: Agent, case: Case
    ) -> None:
        chats.end(case.id, ann, "open")
        corrections.edit(said.id, ann, "It left today.")
        after = make.fresh(case)
        assert (after.active, after.ends_at) == (False, None)


class TestADeletion:
    def test_leaves_the_place_without_words(self, said: Message, ann: Agent, case: Case) -> None:
        corrections.delete(said.id, ann)
        gone = fresh(said)
        assert (gone.text, gone.deleted_at is not None) == ("", True)
        assert [message.id for message in messages.latest(case.id)][-1] == said.id

    def test_takes_the_files_along(self, case: Case, ann: Agent) -> None:
        files = attachments.store([attachments.Upload("a.txt", io.BytesIO(b"plain words"))])
        said = chats.reply(case.id, ann, "Here it is", files=files)
        *_, expires, signature, _ = attachments.signed_path(said.attachments[0]).split("/")
        corrections.delete(said.id, ann)
        assert fresh(said).attachments == []
        assert db.session.scalars(db.select(Attachment)).all() == []
        assert attachments.by_signature(files[0].public_id, expires, signature) is None

    def test_leaves_the_list_with_the_words_before_it(self, said: Message, ann: Agent, case: Case) -> None:
        corrections.delete(said.id, ann)
        after = make.fresh(case)
        assert (after.last_words, after.last_author) == ("Where is my order?", "customer")

    def test_is_for_good(self, said: Message, ann: Agent) -> None:
        corrections.delete(said.id, ann)
        assert refused(said, ann) == [InvalidInput, InvalidInput]


class TestWhoMay:
    def test_its_author_and_administrators(self, said: Message) -> None:
        assert refused(said, make.agent("Bob")) == [Forbidden, Forbidden]
        assert corrections.edit(said.id, make.agent("Olga", admin=True), "It left today.").text == "It left today."

    def test_of_a_note_its_author_alone(self, case: Case, ann: Agent) -> None:
        note = notes.add(case.id, make.agent("Bob"), "He was angry.")
        assert refused(note, make.agent("Olga", admin=True)) == [Forbidden, Forbidden]
        assert refused(note, ann) == [Forbidden, Forbidden]

    def test_nobody_what_a_customer_has_said(self, said: Message, case: Case) -> None:
        (theirs, _) = messages.latest(case.id)
        assert refused(theirs, make.agent("Olga", admin=True)) == [Forbidden, Forbidden]

    def test_nobody_who_does_not_see_the_case(self, said: Message, ann: Agent) -> None:
        access_levels.give(ann.id, Level(Access.FULL, without=["live_chat"]))
        assert refused(said, ann) == [CaseNotFound, CaseNotFound]

    def test_nobody_who_only_looks_but_their_own_notes(self, said: Message, ann: Agent, case: Case) -> None:
        note = notes.add(case.id, ann, "He was angry.")
        chats.end(case.id, ann, "open")
        statuses.choose(ann.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
        assert refused(said, ann) == [Forbidden, Forbidden]
        assert corrections.edit(note.id, ann, "She was angry.").text == "She was angry."

    def test_nobody_after_a_day(self, said: Message, ann: Agent) -> None:
        with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59), tick=False):
            assert corrections.is_offered(said)
        with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1), tick=False):
            statuses.begin(ann.id)
            assert not corrections.is_offered(fresh(said))
            assert refused(said, ann) == [InvalidInput, InvalidInput]

    def test_nobody_what_does_not_exist(self, ann: Agent) -> None:
        with pytest.raises(CaseNotFound):
            corrections.edit(999, ann, "Other words.")


class TestByTheChannel:
    def test_our_own_widget_is_owed_nothing(self, said: Message, ann: Agent) -> None:
        corrections.edit(said.id, ann, "It left today.")
        assert db.session.scalars(db.select(OutboxItem)).all() == []

    def test_a_note_is_owed_to_nobody(self, ann: Agent) -> None:
        note = notes.add(make.chat(channel=make.chatra()).id, ann, "He was angry.")
        corrections.edit(note.id, ann, "She was angry.")
        corrections.delete(note.id, ann)
        assert db.session.scalars(db.select(OutboxItem)).all() == []

    def test_a_vendor_that_cannot_edit_is_not_asked(self, ann: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
        case = make.chat(channel=make.chatra())
        said, note = chats.reply(case.id, ann, "It left yesterday."), notes.add(case.id, ann, "He was angry.")
        can = replace(channels.capabilities(case.channel), edit=False)
        monkeypatch.setattr(channels, "capabilities", lambda channel: can)
        assert (corrections.is_offered(said), corrections.is_offered(note)) == (False, True)
        assert refused(said, ann) == [InvalidInput, InvalidInput]

    def test_an_answer_to_a_vendor_may_be_longer_than_it_takes_at_once(self, ann: Agent) -> None:
        case = make.chat(channel=make.chatra())
        said = chats.reply(case.id, ann, "x" * 20_000)
        assert corrections.edit(said.id, ann, "y" * 20_000).text == "y" * 20_000
        for text in ("z" * 20_001,):
            with pytest.raises(InvalidInput):
                chats.reply(case.id, ann, text)
