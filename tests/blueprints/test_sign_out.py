"""Who has signed out is led to the sign-in page, whatever their page still tries and whatever comes late."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from services import clock
from tests import factories as make
from tests.browsing import Browser

COOKIE = "deskbell"


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def test_a_page_that_outlived_its_session_is_led_to_the_sign_in_page(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    token = browser.token("/chats")
    browser.submit("/logout", page="/chats")
    answer = client.post(f"/chats/{make.chat().id}/reply", data={"text": "hello"}, headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.location) == (303, "/login")


def test_a_sign_in_form_from_before_the_cookie_is_out_of_date(client: FlaskClient) -> None:
    answer = client.post("/login", data={"email": "ann@desk.example", "password": "correct horse"})
    assert (answer.status_code, "out of date" in answer.text) == (400, True)


@pytest.mark.parametrize("address", ["/chats", "/chats/rows", "/profile/security"])
def test_a_cookie_that_comes_back_late_opens_nothing(client: FlaskClient, address: str) -> None:
    """An answer that was on its way while somebody signed out may set the cookie that it came with."""
    browser = Browser(client).sign_in(make.agent())
    late = cookie_of(client)
    browser.submit("/logout", page="/chats")
    client.set_cookie(COOKIE, late)
    assert browser.get(address).status_code == 302
    assert "Password" in browser.get("/login").text


def test_answers_do_not_set_the_cookie_without_need(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    browser.get("/chats")
    assert "Set-Cookie" not in browser.get("/chats").headers


def test_a_browser_in_use_stays_signed_in(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    begun = clock.now()
    with time_machine.travel(begun + timedelta(days=29)):
        assert "Set-Cookie" in browser.get("/chats").headers
    with time_machine.travel(begun + timedelta(days=58)):
        assert browser.get("/chats").status_code == 200
    with time_machine.travel(begun + timedelta(days=89)):
        assert browser.get("/chats").status_code == 302


def test_a_cookie_from_before_sign_ins_had_rows_leads_to_the_sign_in_page(client: FlaskClient) -> None:
    ann = make.agent()
    with client.session_transaction() as session:
        session["_user_id"] = f"{ann.id}.1"
    answer = client.get("/chats")
    assert (answer.status_code, answer.location) == (302, "/login?next=%2Fchats")


def test_another_tab_may_be_at_the_sign_in_page_before_the_cookie_has_changed(app: Flask, client: FlaskClient) -> None:
    ann = make.agent()
    browser = Browser(client).sign_in(ann)
    browser.get("/chats")
    tab = app.test_client()
    tab.set_cookie(COOKIE, cookie_of(client))
    browser.submit("/logout", page="/chats")
    words = {"csrf_token": Browser(tab).token("/login"), "email": ann.email, "password": "correct horse"}
    tab.set_cookie(COOKIE, cookie_of(client))
    assert tab.post("/login", data=words).location == "/chats"


def test_signing_out_here_leaves_other_browsers_alone(app: Flask, client: FlaskClient) -> None:
    ann = make.agent()
    elsewhere = Browser(app.test_client()).sign_in(ann)
    Browser(client).sign_in(ann).submit("/logout", page="/chats")
    assert elsewhere.get("/chats").status_code == 200


def test_an_answer_on_its_way_during_the_sign_out_brings_no_cookie_back(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    browser.token("/chats")
    late = client.get("/chats/rows")
    browser.submit("/logout", page="/chats")
    assert (late.status_code, late.headers.getlist("Set-Cookie")) == (200, [])
