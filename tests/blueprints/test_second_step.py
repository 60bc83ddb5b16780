"""The second step of signing in, and Profile → Security → Second factor."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from models import Agent
from services import clock
from services.signing_in import passwords, two_factor
from services.team import staffing
from tests import factories as make
from tests.browsing import PASSWORD, Browser

PAGE = "/profile/security/two-factor"
_KEY = re.compile(r"<textarea[^>]*>([A-Z2-7]{32})</textarea>")
_PROPOSAL = re.compile(r'name="proposal"[^>]*value="([^"]+)"')
_CODE = re.compile(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>")


@pytest.fixture
def phone(ann: Agent) -> pyotp.TOTP:
    """Ann's phone, whose codes she has to enter; its first one is used up by turning it on."""
    proposal = two_factor.propose(ann.id)
    phone = pyotp.TOTP(two_factor.opened(proposal, ann.id))
    code = phone.at(clock.now() - timedelta(seconds=30))
    two_factor.turn_on(ann, proposal, password=PASSWORD, code=code)
    return phone


def halfway(client: FlaskClient, agent: Agent, address: str = "/login") -> Browser:
    """A browser in which the password was right."""
    browser = Browser(client)
    answer = browser.submit(address, page="/login", email=agent.email, password=PASSWORD)
    assert answer.location.startswith("/login/code")
    return browser


def test_the_code_is_asked_for_after_the_password(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    browser = halfway(client, ann)
    assert browser.get("/chats").status_code == 302
    answer = browser.submit("/login/code", code=phone.now())
    assert (answer.status_code, answer.location) == (303, "/chats")
    assert browser.get("/chats").status_code == 200


def test_it_leads_where_they_wanted_to_go(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    browser = halfway(client, ann, "/login?next=/cases?status=open")
    answer = browser.submit("/login/code?next=%2Fcases%3Fstatus%3Dopen", code=phone.now())
    assert answer.location == "/cases?status=open"


def test_a_wrong_password_says_nothing_of_a_second_factor(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    answer = Browser(client).submit("/login", email=ann.email, password="wrong")
    assert (answer.status_code, "do not match" in answer.text) == (422, True)


def test_a_wrong_code_is_refused(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    answer = halfway(client, ann).submit("/login/code", code="000000")
    assert (answer.status_code, 'id="code-error"' in answer.text) == (422, True)


def test_a_code_signs_in_once(app: Flask, ann: Agent, phone: pyotp.TOTP) -> None:
    code = phone.now()
    halfway(app.test_client(), ann).submit("/login/code", code=code)
    assert halfway(app.test_client(), ann).submit("/login/code", code=code).status_code == 422


def test_without_the_password_there_is_no_second_step(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    answer = client.get("/login/code")
    assert (answer.status_code, answer.location) == (303, "/login")


def test_after_five_minutes_it_begins_again(client: FlaskClient, ann: Agent, phone: pyotp.TOTP) -> None:
    browser = halfway(client, ann)
    with time_machine.travel(clock.now() + timedelta(minutes=5, seconds=2)):
        answer = browser.get("/login/code")
        assert (answer.status_code, answer.location) == (303, "/login")
        assert "That took too long" in browser.get("/login").text


@pytest.mark.parametrize("meanwhile", ["another password", "disabled"])
def test_it_is_over_when_the_password_no_longer_counts(
    client: FlaskClient, ann: Agent, phone: pyotp.TOTP, meanwhile: str
) -> None:
    browser = halfway(client, ann)
    token = browser.token("/login/code")
    if meanwhile == "disabled":
        staffing.disable(ann.id, make.agent("Bob").id)
    else:
        passwords.put(ann.id, "battery staple")
    answer = client.post("/login/code", data={"csrf_token": token, "code": phone.now()})
    assert (answer.status_code, answer.location) == (303, "/login")


def test_tries_are_counted_by_agent_wherever_they_come_from(app: Flask, ann: Agent, phone: pyotp.TOTP) -> None:
    for number in range(10):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        assert halfway(client, ann).submit("/login/code", code="000000").status_code == 422
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert halfway(client, ann).submit("/login/code", code=phone.now()).status_code == 429


def test_turning_it_on_shows_the_key_then_the_recovery_codes_once(app: Flask, browser: Browser, ann: Agent) -> None:
    page = browser.get(PAGE).text
    assert 'src="data:image/svg+xml' in page
    key, proposal = _KEY.search(page), _PROPOSAL.search(page)
    assert key is not None
    assert proposal is not None
    words = {"proposal": proposal[1], "password": PASSWORD}
    refused = browser.submit(PAGE, **words, code="000000")
    assert (refused.status_code, key[1] in refused.text) == (422, True)
    told = browser.submit(PAGE, **words, code=pyotp.TOTP(key[1]).now())
    codes = _CODE.findall(told.text)
    assert (told.status_code, len(codes)) == (200, 10)
    assert not _CODE.findall(browser.get("/profile/security").text)
    answer = halfway(app.test_client(), ann).submit("/login/code", code=codes[0])
    assert answer.location == "/chats"


def test_recovery_codes_are_made_anew(browser: Browser, ann: Agent, phone: pyotp.TOTP) -> None:
    assert "This is not your password." in browser.submit(f"{PAGE}/codes", password="wrong", code="000000").text
    codes = _CODE.findall(browser.submit(f"{PAGE}/codes", password=PASSWORD, code=phone.now()).text)
    assert two_factor.accept(ann.id, codes[9])


def test_it_is_turned_off_with_both_factors(browser: Browser, ann: Agent, phone: pyotp.TOTP) -> None:
    assert browser.submit(f"{PAGE}/off", password=PASSWORD, code="000000").status_code == 422
    assert browser.submit(f"{PAGE}/off", password=PASSWORD, code=phone.now()).location == "/profile/security"
    assert not two_factor.is_on(ann.id)


def test_pages_that_make_no_sense_lead_back(browser: Browser, ann: Agent) -> None:
    for page in (f"{PAGE}/off", f"{PAGE}/codes"):
        assert browser.get(page).location == "/profile/security"


class TestForAnother:
    def test_an_administrator_lets_somebody_in_whose_phone_is_gone(
        self, client: FlaskClient, admin: Browser, ann: Agent, phone: pyotp.TOTP
    ) -> None:
        agents_page = f"/settings/agents/{ann.id}"
        admin.submit(f"{agents_page}/two-factor/reset", page=agents_page)
        assert Browser(client).submit("/login", email=ann.email, password=PASSWORD).location == "/chats"

    def test_nobody_else_does(self, app: Flask, ann: Agent, phone: pyotp.TOTP) -> None:
        bob = Browser(app.test_client()).sign_in(make.agent("Bob"))
        assert bob.act(f"/settings/agents/{ann.id}/two-factor/reset").status_code == 403
        assert two_factor.is_on(ann.id)
