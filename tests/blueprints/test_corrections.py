"""Editing and deleting a message as an agent's browser sees it, with and without scripts."""

from __future__ import annotations

import pytest

from channels.base import ChannelError
from extensions import db
from models import Agent, Case, Message
from realtime import payloads
from services.conversations import chats, corrections, messages, notes
from services.exchange import outbox
from tests import factories as make
from tests.browsing import Browser


@pytest.fixture
def said(ann: Agent) -> Message:
    """An answer of Ann's in our own widget."""
    return chats.reply(make.chat().id, ann, "It left yesterday.")


def text_of(message: Message) -> str:
    db.session.rollback()
    return db.session.get_one(Message, message.id, populate_existing=True).text


class TestWithoutScripts:
    def test_the_menu_leads_to_a_page_with_the_words(self, browser: Browser, said: Message) -> None:
        address = f"/messages/{said.id}/edit"
        assert f'href="{address}"' in browser.get(f"/chats/{said.case_id}").text
        page = browser.get(address).text
        assert "<title>" in page
        assert "It left yesterday.</textarea>" in page

    def test_saving_leads_back_to_the_chat(self, browser: Browser, said: Message) -> None:
        address = f"/messages/{said.id}/edit"
        answer = browser.submit(address, text="It left today.")
        assert (answer.status_code, answer.location) == (303, f"/chats/{said.case_id}")
        page = browser.get(f"/chats/{said.case_id}").text
        assert "It left today." in page
        assert 'class="message-edited"' in page

    def test_what_is_refused_stands_in_the_form_with_the_reason(self, browser: Browser, said: Message) -> None:
        answer = browser.submit(f"/messages/{said.id}/edit", text="x" * 10_001)
        assert answer.status_code == 422
        assert "At most 10000 characters fit; this has 10001." in answer.text
        assert "x" * 10_001 in answer.text

    def test_deleting_leads_back_to_the_chat(self, browser: Browser, said: Message) -> None:
        chat = f"/chats/{said.case_id}"
        answer = browser.submit(f"/messages/{said.id}/delete", page=chat)
        assert (answer.status_code, answer.location) == (303, chat)
        page = browser.get(chat).text
        assert "Message deleted" in page
        assert "It left yesterday." not in page

    def test_of_a_case_that_is_over_it_leads_back_to_the_case(
        self, browser: Browser, said: Message, ann: Agent
    ) -> None:
        chats.end(said.case_id, ann, "open")
        answer = browser.submit(f"/messages/{said.id}/edit", text="It left today.")
        assert browser.client.get(answer.location, follow_redirects=True).request.path == f"/cases/{said.case_id}"


class TestWithScripts:
    def test_the_form_comes_alone(self, browser: Browser, said: Message) -> None:
        form = browser.get(f"/messages/{said.id}/edit", HX_Request="true").text
        assert form.lstrip().startswith("<form")
        assert "It left yesterday." in form

    def test_saving_answers_with_the_same_fragment_as_the_push(self, browser: Browser, said: Message) -> None:
        answer = browser.act(f"/messages/{said.id}/edit", text="It left today.")
        assert answer.status_code == 200
        assert f'id="message-{said.id}"' in answer.text
        assert "It left today." in answer.text

    def test_what_is_refused_comes_back_as_the_form(self, browser: Browser, said: Message) -> None:
        answer = browser.act(f"/messages/{said.id}/edit", text=" ")
        assert answer.status_code == 200
        assert "Write something first." in answer.text
        assert "aria-invalid" in answer.text

    def test_deleting_answers_with_the_fragment(self, browser: Browser, said: Message) -> None:
        answer = browser.act(f"/messages/{said.id}/delete")
        assert answer.status_code == 200
        assert "Message deleted" in answer.text


class TestWhoIsOfferedIt:
    def menus(self, browser: Browser, case_id: int) -> tuple[int, int]:
        """How many menus stand on the page, and how many messages it says are mine."""
        page = browser.get(f"/chats/{case_id}").text
        return page.count('class="message-menu"'), page.count("data-mine")

    def test_its_author(self, browser: Browser, said: Message) -> None:
        assert self.menus(browser, said.case_id) == (1, 1)

    def test_an_administrator_but_not_of_notes(self, admin: Browser, said: Message, ann: Agent) -> None:
        notes.add(said.case_id, ann, "He was angry.")
        assert self.menus(admin, said.case_id) == (2, 1)

    def test_nobody_else(self, browser: Browser) -> None:
        other = chats.reply(make.chat().id, make.agent("Bob"), "It left yesterday.")
        assert self.menus(browser, other.case_id) == (1, 0)
        for answer in (
            browser.act(f"/messages/{other.id}/edit", text="No."),
            browser.act(f"/messages/{other.id}/delete"),
        ):
            assert answer.status_code == 403
        assert text_of(other) == "It left yesterday."

    def test_nobody_for_what_was_deleted(self, browser: Browser, said: Message, ann: Agent) -> None:
        corrections.delete(said.id, ann)
        assert self.menus(browser, said.case_id) == (0, 1)
        assert browser.get(f"/messages/{said.id}/edit").status_code in (409, 422)


class TestTheWidget:
    def test_hears_what_was_done(self, said: Message, ann: Agent) -> None:
        assert payloads.message(said)["changed"] == ""
        corrections.edit(said.id, ann, "It left today.")
        assert (payloads.message(said)["changed"], payloads.message(said)["text"]) == ("edited", "It left today.")
        corrections.delete(said.id, ann)
        assert (payloads.message(said)["changed"], payloads.message(said)["text"]) == ("deleted", "")

    def test_catches_up_with_it(self, said: Message, ann: Agent) -> None:
        before = make.case_of(said).rev
        corrections.delete(said.id, ann)
        caught = payloads.chat(make.case_of(said), messages.since(said.case_id, before))
        assert [each["changed"] for each in caught["messages"]] == ["deleted"]


class TestHowFarItGot:
    @pytest.fixture
    def case(self, ann: Agent) -> Case:
        return make.chat(channel=make.chatra())

    def shown(self, browser: Browser, case: Case) -> str:
        return browser.get(f"/chats/{case.id}").text

    def call(self, case: Case, error: ChannelError) -> None:
        item = outbox.claim(case.stream)
        assert item is not None
        outbox.fail(item.id, error, idempotent=False)

    def test_is_said_while_an_echo_is_awaited(self, browser: Browser, case: Case, ann: Agent) -> None:
        chats.reply(case.id, ann, "hello")
        self.call(case, ChannelError("Chatra gave no answer.", uncertain=True))
        page = self.shown(browser, case)
        assert "Waiting for confirmation" in page
        assert "/again" not in page

    def test_is_said_of_a_change_that_failed(self, browser: Browser, case: Case, ann: Agent) -> None:
        message = chats.reply(case.id, ann, "hello")
        item = outbox.claim(case.stream)
        assert item is not None
        outbox.confirm(case.channel_id, case.stream, "m1", "hello")
        corrections.edit(message.id, ann, "goodbye")
        self.call(case, ChannelError("Chatra no longer knows this message.", permanent=True))
        page = self.shown(browser, case)
        assert "The customer may still see the earlier words." in page
        assert "Chatra no longer knows this message." in page
        assert f"/messages/{message.id}/again" in page

    def test_a_longer_answer_fits_where_it_is_cut_into_parts(self, browser: Browser, case: Case) -> None:
        assert 'data-longest="20000"' in self.shown(browser, case)
        assert 'data-longest="10000"' in self.shown(browser, make.chat(visitor="own"))
