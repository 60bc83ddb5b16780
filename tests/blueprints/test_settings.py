"""Settings: administrators only, bad input is said at its field."""

from __future__ import annotations

import pytest

from extensions import db
from services import desk, settings
from services.team import groups
from tests.browsing import Browser

PAGES = ("/settings/chats", "/settings/widget")


@pytest.mark.parametrize("page", PAGES)
def test_only_administrators_see_them(browser: Browser, admin: Browser, page: str) -> None:
    assert browser.get(page).status_code == 403
    assert admin.get(page).status_code == 200


def test_minutes_and_the_number_of_chats_are_kept(admin: Browser) -> None:
    admin.submit("/settings/chats", silence_minutes="7", warning_minutes="1", chats_at_once="3")
    assert settings.chats() == settings.ChatSettings(7, 1, False, 3)


@pytest.mark.parametrize("number", ["0", "101", "x", ""])
def test_numbers_of_chats_that_make_no_sense_are_refused(admin: Browser, number: str) -> None:
    answer = admin.submit("/settings/chats", silence_minutes="7", warning_minutes="1", chats_at_once=number)
    assert (answer.status_code, settings.chats().chats_at_once) == (422, 5)
    assert 'role="alert"' in answer.text


def test_a_group_gives_its_chats_away_as_chosen(admin: Browser) -> None:
    group = groups.first()
    page = f"/settings/groups/{group.id}"
    admin.submit(page, name="Support", from_name="", distribution="least_busy", answer_seconds="45")
    db.session.refresh(group)
    assert (group.distribution, group.answer_seconds) == ("least_busy", 45)
    assert admin.submit(page, name="Support", distribution="by lot", answer_seconds="45").status_code == 422
    assert admin.submit(page, name="Support", distribution="none", answer_seconds="x").status_code == 422


@pytest.mark.parametrize("minutes", ["-1", "1441", "x", ""])
def test_minutes_out_of_range_are_refused_at_their_field(admin: Browser, minutes: str) -> None:
    answer = admin.submit("/settings/chats", silence_minutes=minutes, warning_minutes="1")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert settings.chats().silence_minutes == 10


@pytest.mark.parametrize("minutes", ["abc", "1.5", "1e3", "9" * 5000])
@pytest.mark.parametrize("field", ["silence_minutes", "warning_minutes"])
def test_minutes_that_are_no_whole_number_are_refused_in_our_own_words(
    admin: Browser, field: str, minutes: str
) -> None:
    answer = admin.submit("/settings/chats", **{"silence_minutes": "7", "warning_minutes": "1", field: minutes})
    assert answer.status_code == 422
    assert "Enter a whole number of minutes." in answer.text
    assert "valid integer" not in answer.text


def test_no_minutes_at_all_are_asked_for(admin: Browser) -> None:
    answer = admin.submit("/settings/chats", silence_minutes="", warning_minutes="1")
    assert "Enter a number of minutes." in answer.text
    assert "whole number" not in answer.text


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
