"""Invitations: administrators hand out links; whoever has one becomes an agent, and nobody else hears anything."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from extensions import db
from models import Access, Agent, Invitation
from services import clock
from services.team import groups
from services.uow import unit_of_work
from tests import factories as make
from tests.browsing import Browser

NEW = {"email": "nora@desk.example", "name": "Nora", "access": "full", "icons": [":live_chat"]}
JOIN = {"name": "Nora Quist", "password": "correct horse", "language": "en"}


def invite(admin: Browser, **changes: object) -> str:
    """Invite somebody; the path of the link that the page shows."""
    answer = admin.submit("/settings/invitations/new", **{**NEW, **changes})
    assert answer.status_code == 200, answer.text
    return link_on(answer.text)


def link_on(page: str) -> str:
    found = re.search(r">https?://[^/<]+(/join/[\w-]+)<", page)
    assert found is not None, page
    return found[1]


def agent() -> Agent | None:
    db.session.rollback()
    return db.session.scalar(db.select(Agent).where(Agent.email == NEW["email"]))


def invitation() -> Invitation:
    db.session.rollback()
    return db.session.scalars(db.select(Invitation)).one()


@pytest.fixture
def stranger(client: FlaskClient) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(client)


@pytest.fixture
def nothing(stranger: Browser) -> str:
    """What the address of no invitation shows."""
    return stranger.get("/join/nonsense").text


def test_administrators_alone_invite(client: FlaskClient) -> None:
    browser = Browser(client).sign_in(make.agent())
    assert browser.get("/settings/invitations/new").status_code == 403
    assert browser.submit("/settings/invitations/new", page="/profile", **NEW).status_code == 403


def test_whoever_has_the_link_chooses_name_and_password_and_is_here(admin: Browser, stranger: Browser) -> None:
    link = invite(admin)
    page = stranger.get(link).text
    assert all(word in page for word in ("nora@desk.example", 'value="Nora"'))
    answer = stranger.submit(link, **JOIN)
    assert (answer.status_code, answer.location) == (303, "/chats")
    assert "Nora Quist" in stranger.get("/chats").text
    assert "Nora Quist" in admin.get("/settings/agents").text


def test_they_come_with_the_access_that_was_chosen(admin: Browser, stranger: Browser) -> None:
    sales = groups.named("Sales")
    stranger.submit(invite(admin, access="groups", groups=[sales.id], icons=[]), **JOIN)
    joined = agent()
    assert joined is not None
    assert joined.access == Access.GROUPS


def test_the_desk_speaks_the_language_that_they_chose(admin: Browser, stranger: Browser) -> None:
    stranger.submit(invite(admin), **{**JOIN, "language": "ru"})
    assert 'lang="ru"' in stranger.get("/chats").text


def test_a_link_is_shown_once_and_kept_nowhere(admin: Browser) -> None:
    token = invite(admin).rpartition("/")[2]
    assert token not in admin.get("/settings/agents").text
    with admin.client.session_transaction() as session:
        assert token not in str(dict(session))


def test_open_invitations_are_listed_with_who_invited_and_until_when(admin: Browser) -> None:
    invite(admin)
    page = admin.get("/settings/agents").text
    assert all(word in page for word in ("Nora", "nora@desk.example", "Invited by Boss", "until"))
    expire()
    assert "the link does not work any more" in admin.get("/settings/agents").text


def expire() -> None:
    with unit_of_work() as session:
        session.scalars(db.select(Invitation)).one().expires_at = clock.now() - timedelta(seconds=1)


def test_a_new_link_replaces_the_old_one(admin: Browser, stranger: Browser, nothing: str) -> None:
    old = invite(admin)
    answer = admin.submit(f"/settings/invitations/{invitation().id}/renew", page="/settings/agents")
    assert stranger.get(old).text == nothing
    assert stranger.get(link_on(answer.text)).status_code == 200


def test_what_is_over_looks_like_what_never_was(admin: Browser, stranger: Browser, nothing: str) -> None:
    expired = invite(admin)
    expire()
    assert stranger.get(expired).text == nothing
    admin.submit(f"/settings/invitations/{invitation().id}/revoke", page="/settings/agents")
    revoked, used = expired, invite(admin)
    stranger.submit(used, **JOIN)
    stranger.submit("/logout", page="/profile")
    for link in (revoked, used, "/join/" + "é" * 300):
        answer = stranger.get(link)
        assert (answer.status_code, answer.text) == (404, nothing)
    assert not any(word in nothing for word in ("nora", "Boss", "Support"))


def test_a_link_that_was_used_makes_no_second_agent(admin: Browser, stranger: Browser, client: FlaskClient) -> None:
    link = invite(admin)
    token = stranger.token(link)
    stranger.submit(link, **JOIN)
    stranger.submit("/logout", page="/profile")
    answer = stranger.client.post(link, data={"csrf_token": token, **JOIN, "name": "Eve"})
    assert answer.status_code in (303, 400, 404)
    joined = agent()
    assert joined is not None
    assert joined.name == "Nora Quist"


def test_whoever_is_signed_in_is_asked_to_sign_out_first(admin: Browser) -> None:
    link = invite(admin)
    assert "Sign out first" in admin.get(link).text
    admin.submit(link, page="/profile", **JOIN)
    assert agent() is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": "short"}, "Use at least 8 characters."),
        ({"password": ""}, "Choose a password."),
        ({"name": " "}, "Enter a name."),
        ({"language": "xx"}, "field-error"),
    ],
)
def test_what_cannot_be_taken_is_told_and_the_link_still_works(
    admin: Browser, stranger: Browser, changes: dict[str, str], told: str
) -> None:
    link = invite(admin)
    answer = stranger.submit(link, **{**JOIN, **changes})
    assert (answer.status_code, told in answer.text) == (422, True)
    assert stranger.submit(link, **JOIN).status_code == 303


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"email": "nonsense"}, "Enter an e-mail address"),
        ({"access": "groups"}, "Choose at least one group."),
        ({"role": "4711"}, "field-error"),
    ],
)
def test_what_cannot_be_offered_is_told_at_its_field(admin: Browser, changes: dict[str, str], told: str) -> None:
    answer = admin.submit("/settings/invitations/new", **{**NEW, **changes})
    assert (answer.status_code, told in answer.text) == (422, True)


def test_who_is_here_or_invited_already_is_told_at_the_address(admin: Browser) -> None:
    invite(admin)
    for address, told in ((NEW["email"], "is invited already"), (make.agent("Ann").email, "exists already")):
        answer = admin.submit("/settings/invitations/new", **{**NEW, "email": address})
        assert re.search(rf'id="email-error" role="alert">[^<]*{told}', answer.text)
