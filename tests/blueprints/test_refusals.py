"""Answers that are refused to a browser without scripts: what was written stands in the form again."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.conversations import chats
from tests import factories as make
from tests.browsing import Browser


def words_in_the_form(page: TestResponse) -> str:
    found = re.search(r'<textarea id="reply-[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_of_a_chat_that_someone_else_took(client: FlaskClient) -> None:
    browser, case = Browser(client).sign_in(make.agent("Ann")), make.chat()
    chats.take(case.id, make.agent("Bob"))

    page = browser.submit(f"/chats/{case.id}/reply", page="/profile", text="  It left <this> morning.\nReally.")

    assert page.status_code == 409
    assert words_in_the_form(page) == "  It left <this> morning.\nReally."
    assert "Bob has taken this chat." in page.text
    assert "<fieldset disabled" not in page.text


def test_that_are_too_long(client: FlaskClient) -> None:
    browser, case = Browser(client).sign_in(make.agent("Ann")), make.chat()

    page = browser.submit(f"/chats/{case.id}/reply", page="/profile", text="a" * 10_001)

    assert page.status_code == 422
    assert words_in_the_form(page) == "a" * 10_001


def test_of_a_chat_that_has_ended_and_begun_elsewhere(client: FlaskClient) -> None:
    agent, case = make.agent("Ann"), make.chat()
    browser = Browser(client).sign_in(agent)
    chats.end(case.id, agent, "closed")
    make.chat("again")

    page = browser.submit(f"/chats/{case.id}/reply", page="/profile", text="One more thing")

    assert page.status_code == 409
    assert words_in_the_form(page) == "One more thing"


def test_that_come_too_often_and_how_long_to_wait(client: FlaskClient) -> None:
    browser, case = Browser(client).sign_in(make.agent("Ann")), make.chat()
    token = browser.token("/profile")
    address = f"/chats/{case.id}/reply"
    for _ in range(120):
        client.post(address, data={"csrf_token": token, "text": ""})

    page = client.post(address, data={"csrf_token": token, "text": "One more thing"})

    assert page.status_code == 429
    assert words_in_the_form(page) == "One more thing"
    said = re.search(r"Wait (\d+) seconds", page.text)
    assert said is not None
    assert abs(int(said[1]) - int(page.headers["Retry-After"])) <= 1


def test_a_case_that_one_may_not_see_is_not_shown(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent("Ann"))

    page = browser.submit("/chats/999/reply", page="/profile", text="hello")

    assert page.status_code == 404
