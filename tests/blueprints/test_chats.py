"""The chats as an agent's browser sees them, with and without scripts."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from extensions import db
from models import Agent, Case
from services import chats, messages
from tests import factories as make
from tests.browsing import Browser


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
    from services.attachments import signed_path

    answer = browser.get(signed_path(file))
    assert answer.data == page
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.mimetype == "application/octet-stream"


def test_an_image_shows_in_place_and_a_wrong_signature_shows_nothing(browser: Browser) -> None:
    from services.attachments import signed_path

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
    for action in ("take", "reply", "end", "postpone", "read", "typing"):
        assert client.post(f"/chats/{case.id}/{action}").status_code == 303, action
    assert not db.session.get_one(Case, case.id).fixated_to_id
