"""The chats as an agent's browser sees them, with and without scripts."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from channels.base import ChannelError
from extensions import db
from models import Access, Agent, Case
from realtime import topics
from services.conversations import chats, messages
from services.exchange import outbox
from services.team import access_levels
from services.team.access_levels import Level
from tests import factories as make
from tests.browsing import Browser
from tests.realtime.test_publish import Ear, listening, redis_away
from tests.redis import RealRedis


def test_a_new_chat_is_seen_without_a_click(browser: Browser) -> None:
    make.chat("Where is my order?")
    page = browser.get("/chats").text
    assert "Maria" in page
    assert "Where is my order?" in page
    assert 'aria-label="Chats: 1 new, 0 replies"' in page


def test_the_green_icon_stands_on_every_page(admin: Browser) -> None:
    for address in ("/chats", "/cases", "/profile", "/settings/chats", "/settings/widget", "/settings/integrations"):
        assert 'aria-label="Chats: 0 new, 0 replies"' in admin.get(address).text, address


def test_unread_replies_in_ones_own_chats_are_counted(browser: Browser, ann: Agent) -> None:
    case = make.chat("one")
    chats.reply(case.id, ann, "hello")
    make.chat("two")
    make.chat("three")
    assert 'aria-label="Chats: 0 new, 2 replies"' in browser.get("/cases").text


def test_taking_answers_with_the_same_fragment_as_the_push(browser: Browser, ann: Agent) -> None:
    case = make.chat()
    answer = browser.act(f"/chats/{case.id}/take")
    assert answer.status_code == 200
    assert f'id="chat-row-{case.id}"' in answer.text
    assert f'data-owner="{ann.id}"' in answer.text


def test_without_scripts_an_answer_leads_back_to_the_chat(browser: Browser) -> None:
    case = make.chat()
    answer = browser.submit(f"/chats/{case.id}/reply", page=f"/chats/{case.id}", text="hello")
    assert (answer.status_code, answer.location) == (303, f"/chats/{case.id}")
    assert "hello" in browser.get(f"/chats/{case.id}").text


def test_a_chat_that_a_colleague_took_is_refused_with_the_name(browser: Browser) -> None:
    case = make.chat()
    chats.take(case.id, make.agent("Bob"))
    answer = browser.act(f"/chats/{case.id}/reply", text="hello")
    assert answer.status_code == 409
    assert "Bob has taken this chat." in answer.text


def test_an_empty_answer_is_refused_with_a_reason(browser: Browser) -> None:
    answer = browser.act(f"/chats/{make.chat().id}/reply", text="  ")
    assert answer.status_code == 422
    assert "Write something first." in answer.text


def test_the_same_send_twice_is_one_message(browser: Browser) -> None:
    case = make.chat()
    for _ in range(2):
        assert browser.act(f"/chats/{case.id}/reply", text="hello", client_id="k").status_code == 200
    assert [message.text for message in messages.latest(case.id)] == ["Hello", "hello"]


def test_what_failed_is_not_offered_again_once_nothing_can_be_sent(browser: Browser, ann: Agent) -> None:
    case = make.chat(channel=make.chatra())
    chats.reply(case.id, ann, "hello")
    item = outbox.claim(case.stream)
    assert item is not None
    outbox.fail(item.id, ChannelError("Chatra did not accept it (answer 400).", permanent=True), idempotent=False)
    assert 'data-act="again"' in browser.get(f"/chats/{case.id}").text
    make.disconnected(case.channel)
    page = browser.get(f"/cases/{case.id}").text
    assert ("did not accept it" in page, 'data-act="again"' in page) == (True, False)


def test_ending_leads_to_the_list_of_cases(browser: Browser) -> None:
    case = make.chat("Where is my order?")
    browser.submit(f"/chats/{case.id}/end", page=f"/chats/{case.id}", status="pending")
    assert "Where is my order?" in browser.get("/cases").text
    assert browser.get(f"/chats/{case.id}").location == f"/cases/{case.id}"
    assert browser.get(f"/cases/{case.id}").status_code == 200


def test_an_active_chat_is_not_among_the_cases(browser: Browser) -> None:
    case = make.chat("Where is my order?")
    assert f"/cases/{case.id}" not in browser.get("/cases").text
    assert browser.get(f"/cases/{case.id}").location == f"/chats/{case.id}"


def test_catching_up_brings_what_came_after_the_revision(browser: Browser) -> None:
    case = make.chat("one")
    make.chat("two")
    answer = browser.get(f"/chats/{case.id}/messages?after={case.rev}").text
    assert "two" in answer
    assert "one</" not in answer


def test_what_a_customer_writes_is_escaped_and_addresses_become_links(browser: Browser) -> None:
    case = make.chat("<script>alert(1)</script> https://shop.example/x?a=1&b=2")
    page = browser.get(f"/chats/{case.id}").text
    assert "<script>alert" not in page
    assert 'href="https://shop.example/x?a=1&amp;b=2"' in page


@pytest.mark.parametrize(
    "address",
    [
        "/chats/999",
        "/cases/999",
        "/chats/999/messages",
        "/chats/99999999999999999999",
        "/files/a/b/ü/n",
        "/setup/ü",
    ],
)
def test_what_does_not_exist_is_not_found(browser: Browser, address: str) -> None:
    assert browser.get(address).status_code == 404


def test_a_file_is_sent_and_comes_back_as_a_download(browser: Browser) -> None:
    case = make.chat()
    page = b"<html><script>alert(1)</script></html>"
    browser.act(f"/chats/{case.id}/reply", text="", files=(io.BytesIO(page), "page.html"))
    db.session.rollback()
    (file,) = messages.latest(case.id)[-1].attachments
    from services.conversations.attachments import signed_path

    answer = browser.get(signed_path(file))
    assert answer.data == page
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.mimetype == "application/octet-stream"


def test_an_image_shows_in_place_and_a_wrong_signature_shows_nothing(browser: Browser) -> None:
    from services.conversations.attachments import signed_path

    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
    case = make.chat()
    browser.act(f"/chats/{case.id}/reply", text="", files=(io.BytesIO(png), "a.png"))
    db.session.rollback()
    address = signed_path(messages.latest(case.id)[-1].attachments[0])
    assert browser.get(address).mimetype == "image/png"
    id_, expires, signature, name = address.removeprefix("/files/").split("/")
    assert browser.get(f"/files/{id_}/{expires}/{signature[::-1]}/{name}").status_code == 404
    assert browser.get(f"/files/{id_}/99991231/{signature}/{name}").status_code == 404


def test_strangers_can_do_nothing_with_a_chat(client: FlaskClient) -> None:
    case = make.chat()
    client.get("/login")
    for action in ("take", "reply", "note", "transfer", "here", "end", "postpone", "read", "typing"):
        assert client.post(f"/chats/{case.id}/{action}").status_code == 303, action
    assert not db.session.get_one(Case, case.id).fixated_to_id


def test_a_note_is_answered_with_the_fragment_that_everyone_gets(browser: Browser, ann: Agent) -> None:
    case = make.chat()
    answer = browser.act(f"/chats/{case.id}/note", text="difficult", client_id="k")
    assert answer.status_code == 200
    assert "data-note" in answer.text
    assert "difficult" in answer.text
    assert 'data-owner="0"' in answer.text


def test_without_scripts_the_button_beside_send_makes_a_note_of_it(browser: Browser) -> None:
    case = make.chat()
    assert f'formaction="/chats/{case.id}/note"' in browser.get(f"/chats/{case.id}").text
    answer = browser.submit(f"/chats/{case.id}/note", page=f"/chats/{case.id}", text="difficult")
    assert (answer.status_code, answer.location) == (303, f"/chats/{case.id}")
    refused = browser.submit(f"/chats/{case.id}/note", page=f"/chats/{case.id}", text=" ")
    assert refused.status_code == 422
    assert "Write something first." in refused.text
    assert f'action="/chats/{case.id}/note"' in refused.text


def test_a_transfer_says_where_the_chat_went(browser: Browser, ann: Agent) -> None:
    case, bob = make.chat(), make.agent("Bob")
    assert f'value="agent:{bob.id}"' in browser.get(f"/chats/{case.id}/transfer").text
    answer = browser.act(f"/chats/{case.id}/transfer", to=f"agent:{bob.id}", note="difficult")
    assert answer.status_code == 200
    for part in ("The chat is with Bob now.", "Ann transferred this chat to Bob.", "difficult"):
        assert part in answer.text
    assert f'data-owner="{bob.id}"' in answer.text


def test_colleagues_of_one_name_differ_by_their_address(browser: Browser, ann: Agent) -> None:
    case, twins, carl = make.chat(), [make.agent("Bob"), make.agent("Bob")], make.agent("Carl")
    page = browser.get(f"/chats/{case.id}/transfer").text
    assert all(f">Bob · {bob.email} (" in page for bob in twins)
    assert ">Carl (" in page
    assert carl.email not in page


def test_of_a_chat_that_one_does_not_see_after_the_transfer_nothing_is_shown(browser: Browser, ann: Agent) -> None:
    case, bob = chats.take(make.chat("whisper").id, ann), make.agent("Bob")
    access_levels.give(ann.id, Level(Access.LIMITED))
    answer = browser.act(f"/chats/{case.id}/transfer", to=f"agent:{bob.id}")
    assert "The chat is with Bob now." in answer.text
    assert "whisper" not in answer.text


def test_without_scripts_a_transfer_leads_back_to_the_chat_or_to_the_list(browser: Browser, ann: Agent) -> None:
    case, bob = make.chat(), make.agent("Bob")
    answer = browser.submit(f"/chats/{case.id}/transfer", page=f"/chats/{case.id}", to=f"agent:{bob.id}")
    assert (answer.status_code, answer.location) == (303, f"/chats/{case.id}")
    assert "The chat is with Bob now." in browser.get(answer.location).text


@pytest.mark.parametrize("to", ["", "agent", "agent:x", "everybody:1", "agent:99999999999999"])
def test_a_transfer_to_nobody_is_refused(browser: Browser, to: str) -> None:
    answer = browser.act(f"/chats/{make.chat().id}/transfer", to=to)
    assert answer.status_code == 422
    assert "Choose an agent or a group." in answer.text


class TestWhoElseIsHere:
    @pytest.fixture
    def bob(self, app: Flask) -> Browser:
        """A colleague's browser."""
        return Browser(app.test_client()).sign_in(make.agent("Bob"))

    def here(self, browser: Browser, case: Case, doing: str = "viewing", tab: str = "tab") -> list[tuple[str, str]]:
        """Who else is there, as the desk answers."""
        answer = browser.act(f"/chats/{case.id}/here", doing=doing, tab=tab)
        assert answer.status_code == 200
        return [(one["name"], one["doing"]) for one in answer.json or []]

    def test_each_learns_of_the_others_and_never_of_themselves(self, browser: Browser, bob: Browser) -> None:
        case = make.chat()
        assert self.here(browser, case) == []
        assert self.here(browser, case, tab="another") == []
        assert self.here(bob, case, "writing") == [("Ann", "viewing")]
        assert self.here(browser, case) == [("Bob", "writing")]

    def test_whoever_leaves_is_gone_once_their_last_tab_is(self, browser: Browser, bob: Browser) -> None:
        case = make.chat()
        self.here(browser, case, tab="one")
        self.here(browser, case, tab="two")
        self.here(browser, case, "gone", tab="one")
        assert self.here(bob, case) == [("Ann", "viewing")]
        self.here(browser, case, "gone", tab="two")
        assert self.here(bob, case) == []

    def test_whoever_says_nothing_more_is_gone_after_forty_seconds(self, browser: Browser, bob: Browser) -> None:
        case = make.chat()
        self.here(browser, case)
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=39)):
            assert self.here(bob, case) == [("Ann", "viewing")]
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=41)):
            assert self.here(bob, case) == []

    def test_only_those_who_look_at_it_too_are_told(
        self, browser: Browser, bob: Browser, ann: Agent, real_redis: RealRedis
    ) -> None:
        case, _ = make.chat(), make.agent("Cy")
        with listening(real_redis) as ear:
            self.here(browser, case)
            assert heard_here(ear) == []
            self.here(bob, case)
            assert heard_here(ear) == [[topics.agent(ann.id)]]

    def test_whoever_sees_the_case_no_more_is_not_told(
        self, browser: Browser, bob: Browser, ann: Agent, real_redis: RealRedis
    ) -> None:
        case = make.chat()
        self.here(browser, case)
        access_levels.give(ann.id, Level(Access.LIMITED))
        with listening(real_redis) as ear:
            self.here(bob, case)
            assert heard_here(ear) == []
        assert browser.act(f"/chats/{case.id}/here", doing="viewing", tab="t").status_code == 404

    def test_nothing_breaks_where_redis_is_away(self, browser: Browser, real_redis: RealRedis) -> None:
        case = make.chat()
        with redis_away(real_redis):
            assert self.here(browser, case) == []

    def test_what_makes_no_sense_is_refused(self, browser: Browser) -> None:
        case = make.chat()
        for fields in ({"doing": "dancing", "tab": "t"}, {"doing": "viewing", "tab": "a b"}, {}):
            assert browser.act(f"/chats/{case.id}/here", **fields).status_code == 422


def heard_here(ear: Ear) -> list[list[str]]:
    """To whom it was told that somebody is here."""
    return [frame.topics for frame in ear.everything() if '"here"' in frame.payload]
