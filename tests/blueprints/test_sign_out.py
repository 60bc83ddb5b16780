"""Who has signed out is led to the sign-in page, whatever their page still tries."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests import factories as make
from tests.browsing import Browser


def test_a_page_that_outlived_its_session_is_led_to_the_sign_in_page(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    token = browser.token("/chats")
    browser.submit("/logout", page="/chats")
    answer = client.post(f"/chats/{make.chat().id}/reply", data={"text": "hello"}, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.location) == (303, "/login")


def test_a_sign_in_form_from_before_the_cookie_is_out_of_date(client: FlaskClient) -> None:
    answer = client.post("/login", data={"email": "ann@desk.example", "password": "correct horse"})
    assert (answer.status_code, "out of date" in answer.text) == (400, True)


def test_an_answer_on_its_way_during_the_sign_out_brings_no_cookie_back(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    browser.token("/chats")
    late = client.get("/chats/rows")
    browser.submit("/logout", page="/chats")
    assert (late.status_code, late.headers.getlist("Set-Cookie")) == (200, [])
