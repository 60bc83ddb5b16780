"""A link by which an agent chooses a new password: made by an administrator, good once and for three days."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from extensions import db
from models import Agent, PasswordLink
from services import clock
from services.signing_in import passwords
from services.team import agents, staffing
from tests import factories as make
from tests.browsing import PASSWORD, Browser

_LINK = re.compile(r"http://127\.0\.0\.1:8000(/password/[\w-]+)<")


def made(admin: Browser, agent: Agent) -> str:
    """The path of a link that an administrator has made."""
    page = f"/settings/agents/{agent.id}"
    answer = admin.submit(f"{page}/password-link", page=page)
    found = _LINK.search(answer.text)
    assert found is not None, answer.text
    return found[1]


def test_whoever_has_it_chooses_a_password_once(app: Flask, client: FlaskClient, admin: Browser, ann: Agent) -> None:
    signed_in = Browser(app.test_client()).sign_in(ann)
    link, browser = made(admin, ann), Browser(client)
    assert signed_in.get("/chats").status_code == 200
    answer = browser.submit(link, password="battery staple")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "Your new password is set" in browser.get("/login").text
    assert agents.authenticate(ann.email, "battery staple") is not None
    assert signed_in.get("/chats").status_code == 302
    assert browser.get(link).status_code == 404


def test_looking_at_it_does_not_use_it_up(client: FlaskClient, admin: Browser, ann: Agent) -> None:
    link = made(admin, ann)
    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]


def test_a_password_that_cannot_be_taken_does_not_use_it_up(client: FlaskClient, admin: Browser, ann: Agent) -> None:
    link = made(admin, ann)
    answer = Browser(client).submit(link, password="short")
    assert (answer.status_code, 'id="password-error"' in answer.text) == (422, True)
    assert client.get(link).status_code == 200


def test_it_is_good_for_three_days(client: FlaskClient, admin: Browser, ann: Agent) -> None:
    link = made(admin, ann)
    with time_machine.travel(clock.now() + timedelta(hours=71)):
        assert client.get(link).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=73)):
        assert client.get(link).status_code == 404


@pytest.mark.parametrize("what", ["a newer link", "a change of the password", "being disabled"])
def test_it_is_void_after(client: FlaskClient, admin: Browser, ann: Agent, what: str) -> None:
    link = made(admin, ann)
    match what:
        case "a newer link":
            made(admin, ann)
        case "a change of the password":
            passwords.put(ann.id, "battery staple")
        case _:
            staffing.disable(ann.id, make.agent("Bob").id)
    assert client.get(link).status_code == 404


def test_its_word_is_not_in_the_database(admin: Browser, ann: Agent) -> None:
    word = made(admin, ann).rpartition("/")[2]
    assert word not in db.session.scalars(db.select(PasswordLink.token_hash)).all()


def test_a_guess_tells_nothing(client: FlaskClient) -> None:
    assert client.get("/password/guess").status_code == 404


def test_two_who_use_it_at_once_set_one_password(admin: Browser, ann: Agent) -> None:
    word = made(admin, ann).rpartition("/")[2]
    assert passwords.choose_by_link(word, "battery staple")
    assert not passwords.choose_by_link(word, "somebody else's")
    assert agents.authenticate(ann.email, "battery staple") is not None


def test_only_administrators_make_one(browser: Browser, ann: Agent) -> None:
    assert browser.act(f"/settings/agents/{ann.id}/password-link").status_code == 403
    assert agents.authenticate(ann.email, PASSWORD) is not None


def test_administrators_help_others_not_themselves(app: Flask, admin: Browser) -> None:
    own = db.session.scalars(db.select(Agent).where(Agent.is_admin)).one()
    page = admin.get(f"/settings/agents/{own.id}").text
    assert "password-link" not in page
    for what in ("password-link", "two-factor/reset"):
        assert admin.act(f"/settings/agents/{own.id}/{what}").status_code == 404
