"""Signing in, the first administrator."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from extensions import db
from models import Agent
from services.team import agents
from tests import factories as make
from tests.browsing import Browser


def test_pages_ask_strangers_to_sign_in_and_bring_them_back(client: FlaskClient) -> None:
    answer = client.get("/cases?status=open")
    assert answer.status_code == 302
    assert answer.location.startswith("/login?next=%2Fcases")


def test_an_agent_who_signs_in_lands_on_the_chats(client: FlaskClient) -> None:
    ann = make.agent()
    answer = Browser(client).submit("/login", email=ann.email.upper(), password="correct horse")
    assert (answer.status_code, answer.location) == (303, "/chats")


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "//[", "/\t/["]
)
def test_signing_in_never_leads_to_another_site(client: FlaskClient, wanted: str) -> None:
    ann = make.agent()
    answer = Browser(client).submit(f"/login?next={wanted}", page="/login", email=ann.email, password="correct horse")
    assert answer.location == "/chats"


@pytest.mark.parametrize(("email", "password"), [("nobody@desk.example", "correct horse"), (None, "wrong")])
def test_wrong_words_are_refused_with_the_same_sentence(client: FlaskClient, email: str | None, password: str) -> None:
    ann = make.agent()
    answer = Browser(client).submit("/login", email=email or ann.email, password=password)
    assert answer.status_code == 422
    assert "do not match" in answer.text


def test_a_disabled_agent_is_out_at_once(client: FlaskClient) -> None:
    ann = make.agent()
    browser = Browser(client).sign_in(ann)
    db.session.get_one(Agent, ann.id).active = False
    db.session.commit()
    assert browser.get("/chats").status_code == 302


def test_trying_passwords_is_limited(client: FlaskClient) -> None:
    browser = Browser(client)
    answers = [browser.submit("/login", email="a@desk.example", password="x").status_code for _ in range(11)]
    assert answers[-1] == 429


def test_a_form_without_its_token_is_refused(client: FlaskClient) -> None:
    assert client.post("/login", data={"email": "a", "password": "b"}).status_code == 400


def test_signing_out_ends_the_session(browser: Browser) -> None:
    browser.submit("/logout", page="/profile")
    assert browser.get("/chats").status_code == 302


class TestFirstAdministrator:
    @pytest.fixture
    def link(self, app: Flask) -> str:
        link = agents.setup_link("")
        assert link is not None
        return link

    def test_the_link_makes_an_administrator_and_signs_in(self, client: FlaskClient, link: str) -> None:
        answer = Browser(client).submit(link, name="Boss", email="boss@desk.example", password="long enough")
        assert (answer.status_code, answer.location) == (303, "/chats")
        assert client.get("/settings/chats").status_code == 200

    def test_it_works_once(self, client: FlaskClient, app: Flask, link: str) -> None:
        Browser(client).submit(link, name="Boss", email="boss@desk.example", password="long enough")
        assert app.test_client().get(link).status_code == 404
        assert agents.setup_link("") is None

    def test_a_wrong_word_is_not_found(self, client: FlaskClient, link: str) -> None:
        assert client.get("/setup/guess").status_code == 404

    @pytest.mark.parametrize(("field", "value"), [("email", "no address"), ("password", "short"), ("name", " ")])
    def test_what_cannot_be_taken_is_said_at_its_field(
        self, client: FlaskClient, link: str, field: str, value: str
    ) -> None:
        good = {"name": "Boss", "email": "boss@desk.example", "password": "long enough"}
        answer = Browser(client).submit(link, **{**good, field: value})
        assert answer.status_code == 422
        assert answer.text.count('role="alert"') == 1
        assert f'id="{field}-error"' in answer.text

    def test_all_that_cannot_be_taken_is_said_at_once(self, client: FlaskClient, link: str) -> None:
        answer = Browser(client).submit(link, name=" ", email="no address", password="short")
        assert answer.status_code == 422
        for field, sentence in (
            ("name", "Enter a name."),
            ("email", "Enter an e-mail address such as name@example.com."),
            ("password", "Use at least 8 characters."),
        ):
            assert f'id="{field}-error" role="alert">{sentence}<' in answer.text

    def test_a_password_without_end_is_not_called_too_short(self, client: FlaskClient, link: str) -> None:
        answer = Browser(client).submit(link, name="Boss", email="boss@desk.example", password="x" * 201)
        assert answer.status_code == 422
        assert "Use at most 200 characters." in answer.text
