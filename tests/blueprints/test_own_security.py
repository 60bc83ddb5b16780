"""Profile → Security: one's password, and the browsers that are signed in."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Agent, AuditEntry
from services.signing_in import sign_ins
from services.team import agents
from tests import factories as make
from tests.browsing import PASSWORD, Browser

SECURITY = "/profile/security"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def audited(agent: Agent) -> list[str]:
    """The fields of the agent that the audit log tells of."""
    noted = db.select(AuditEntry.field).where(AuditEntry.kind == "agent", AuditEntry.thing_id == agent.id)
    return list(db.session.scalars(noted.order_by(AuditEntry.id)))


@pytest.fixture
def elsewhere(app: Flask, ann: Agent) -> Browser:
    """Ann's other browser."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    return Browser(client).sign_in(ann)


def test_browsers_are_listed_in_words_and_this_one_is_marked(browser: Browser, elsewhere: Browser) -> None:
    page = browser.get(SECURITY).text
    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    assert page.count("127.0.0.1") == 2


def test_another_browser_is_signed_out(browser: Browser, elsewhere: Browser, ann: Agent) -> None:
    other = sign_ins.of_agent(ann.id)[0]
    answer = browser.submit(f"{SECURITY}/sign-ins/{other.id}/end", page=SECURITY)
    assert (answer.status_code, answer.location) == (303, SECURITY)
    assert elsewhere.get("/chats").status_code == 302
    assert browser.get("/chats").status_code == 200
    assert "sign_ins" in audited(ann)


def test_somebody_elses_browser_is_not(app: Flask, browser: Browser) -> None:
    bob = make.agent("Bob")
    bobs = Browser(app.test_client()).sign_in(bob)
    browser.submit(f"{SECURITY}/sign-ins/{sign_ins.of_agent(bob.id)[0].id}/end", page=SECURITY)
    assert bobs.get("/chats").status_code == 200
    assert audited(bob) == ["created"]


def test_all_other_browsers_are_signed_out(browser: Browser, elsewhere: Browser) -> None:
    browser.submit(f"{SECURITY}/sign-ins/end-others", page=SECURITY)
    assert elsewhere.get("/chats").status_code == 302
    assert browser.get("/chats").status_code == 200


class TestPassword:
    def test_it_is_changed_by_whoever_knows_it(self, browser: Browser, elsewhere: Browser, ann: Agent) -> None:
        answer = browser.submit(f"{SECURITY}/password", current=PASSWORD, password="battery staple")
        assert (answer.status_code, answer.location) == (303, SECURITY)
        assert agents.authenticate(ann.email, "battery staple") is not None
        assert agents.authenticate(ann.email, PASSWORD) is None
        assert audited(ann)[-1] == "password"

    def test_other_browsers_are_signed_out_by_it(self, browser: Browser, elsewhere: Browser) -> None:
        browser.submit(f"{SECURITY}/password", current=PASSWORD, password="battery staple")
        assert elsewhere.get("/chats").status_code == 302
        assert browser.get("/chats").status_code == 200

    @pytest.mark.parametrize(
        ("words", "field", "sentence"),
        [
            ({"current": "wrong", "password": "battery staple"}, "current", "This is not your password."),
            ({"current": PASSWORD, "password": "short"}, "password", "Use at least 8 characters."),
            ({"current": PASSWORD, "password": "x" * 201}, "password", "Use at most 200 characters."),
        ],
    )
    def test_what_cannot_be_taken_is_said_at_its_field(
        self, browser: Browser, ann: Agent, words: dict[str, str], field: str, sentence: str
    ) -> None:
        answer = browser.submit(f"{SECURITY}/password", **words)
        assert answer.status_code == 422
        assert f'id="{field}-error" role="alert">{sentence}<' in answer.text
        assert agents.authenticate(ann.email, PASSWORD) is not None

    def test_trying_passwords_is_limited(self, browser: Browser) -> None:
        words = {"current": "wrong", "password": "battery staple"}
        answers = [browser.submit(f"{SECURITY}/password", **words).status_code for _ in range(11)]
        assert answers[-1] == 429
