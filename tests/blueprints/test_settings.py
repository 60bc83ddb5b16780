"""Settings: administrators only, bad input is said at its field."""

from __future__ import annotations

import pytest

from services import desk, settings
from tests.browsing import Browser

PAGES = ("/settings/chats", "/settings/widget", "/settings/integrations", "/settings/integrations/chatra")


@pytest.mark.parametrize("page", PAGES)
def test_only_administrators_see_them(browser: Browser, admin: Browser, page: str) -> None:
    assert browser.get(page).status_code == 403
    assert admin.get(page).status_code == 200


def test_minutes_are_kept(admin: Browser) -> None:
    admin.submit("/settings/chats", silence_minutes="7", warning_minutes="1")
    assert settings.chats() == settings.ChatSettings(7, 1, False)


@pytest.mark.parametrize("minutes", ["-1", "1441", "x", ""])
def test_minutes_out_of_range_are_refused_at_their_field(admin: Browser, minutes: str) -> None:
    answer = admin.submit("/settings/chats", silence_minutes=minutes, warning_minutes="1")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert settings.chats().silence_minutes == 10


def test_the_snippet_is_one_line_that_loads_our_script(admin: Browser) -> None:
    page = admin.get("/settings/widget").text
    assert f"data-widget=&#34;{desk.first_widget().key}&#34;" in page or desk.first_widget().key in page
    assert "/widget.js" in page


def test_allowed_sites_are_kept_line_by_line(admin: Browser) -> None:
    admin.submit(
        "/settings/widget", title="Ask us", colour="#123456", allowed_sites="https://shop.example/\n*.other.example\n"
    )
    widget = desk.first_widget()
    assert (widget.title, widget.allowed_sites) == ("Ask us", ["https://shop.example", "*.other.example"])


def test_a_site_that_is_none_is_refused(admin: Browser) -> None:
    answer = admin.submit("/settings/widget", title="", colour="#123456", allowed_sites="ftp://x")
    assert answer.status_code == 422
