"""One's own profile: each agent changes their own, and shows their picture to colleagues alone."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from extensions import db
from models import Agent
from tests import factories as make
from tests.browsing import Browser
from tests.e2e.scenes import PNG

OWN = {"name": "Ann", "language": "en", "theme": "auto"}


def keep(browser: Browser, **changes: object) -> int:
    return browser.submit("/profile", **{**OWN, **changes}).status_code


def picture_on(page: str) -> str:
    found = re.search(r'<img src="(/avatars/[^"]+)"', page)
    assert found is not None, page
    return found[1]


def file(content: bytes = PNG) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), "me.png"


def test_language_and_appearance_are_kept(browser: Browser) -> None:
    keep(browser, language="ru", theme="dark")
    page = browser.get("/profile").text
    assert 'lang="ru"' in page
    assert 'data-theme="dark"' in page


def test_name_signature_and_the_wish_to_keep_the_status_are_kept(browser: Browser, ann: Agent) -> None:
    assert keep(browser, name="Anna", signature="Yours", keeps_status="y") == 303
    db.session.refresh(ann)
    assert (ann.name, ann.signature, ann.keeps_status) == ("Anna", "Yours", True)
    assert "Anna" in browser.get("/chats").text


def test_nothing_but_the_profile_is_changed_by_it(browser: Browser, ann: Agent) -> None:
    before = ann.email
    keep(browser, email="other@desk.example", is_admin="y", access="full", role="1")
    db.session.refresh(ann)
    assert (ann.email, ann.is_admin, ann.role_id) == (before, False, None)


def test_a_picture_takes_the_place_of_the_initials(browser: Browser, admin: Browser) -> None:
    assert keep(browser, picture=file()) == 303
    for one, page in ((browser, "/profile"), (browser, "/chats"), (admin, "/settings/agents")):
        shown = picture_on(one.get(page).text)
        answer = one.get(shown)
        assert (answer.data, answer.mimetype) == (PNG, "image/png")


def test_a_picture_is_harmless_and_kept_by_browsers_alone(browser: Browser) -> None:
    keep(browser, picture=file())
    headers = browser.get(picture_on(browser.get("/profile").text)).headers
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_is_shown_to_agents_alone(browser: Browser, client: FlaskClient) -> None:
    keep(browser, picture=file())
    shown = picture_on(browser.get("/profile").text)
    answer = client.get(shown)
    assert (answer.status_code, PNG in answer.data) == (302, False)


def test_a_picture_is_removed(browser: Browser) -> None:
    keep(browser, picture=file())
    shown = picture_on(browser.get("/profile").text)
    keep(browser, without_picture="y")
    assert "/avatars/" not in browser.get("/profile").text
    assert browser.get(shown).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"language": "xx"}, "language"),
        ({"signature": "a" * 501}, "signature"),
        ({"picture": file(b"<svg/>")}, "picture"),
    ],
)
def test_what_cannot_be_taken_is_told_at_its_field(browser: Browser, changes: dict[str, object], field: str) -> None:
    answer = browser.submit("/profile", **{**OWN, "theme": "dark", **changes})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'data-theme="dark"' not in browser.get("/profile").text


def test_a_stranger_has_no_profile(client: FlaskClient) -> None:
    make.agent()
    assert client.get("/profile").status_code == 302
