"""Presence on an integration's page: who is shown as what, since when, how the last telling ended, when the next is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import jobs.presence
from channels.base import ChannelError
from services.attendance import presence
from services.exchange import channels
from tests import factories as make
from tests.browsing import Browser
from tests.serving import work_off
from tests.vendors import lighthouse
from tests.vendors.lighthouse import Lighthouse


@pytest.fixture
def vendor(app: Flask, tmp_path: Path) -> Iterator[Lighthouse]:
    with lighthouse.connected(tmp_path) as vendor:
        yield vendor


@pytest.fixture
def address(vendor: Lighthouse) -> str:
    return f"/settings/integrations/{vendor.channel_id}"


def work(app: Flask) -> None:
    jobs.presence.look()
    work_off(app)


def test_it_says_what_the_vendor_shows_of_everybody(app: Flask, admin: Browser, address: str) -> None:
    make.agent("Ben")
    work(app)
    page = admin.get(address).text
    assert "Ben" in page
    assert page.count("Shown online") == 2
    assert "never told" not in page


def test_what_was_not_told_yet_is_not_known(admin: Browser, vendor: Lighthouse, address: str) -> None:
    make.agent("Ben")
    presence.refresh(vendor.channel_id)
    page = admin.get(address).text
    assert "Not known" in page
    assert "never told" in page


def test_it_says_why_the_vendor_could_not_be_told(app: Flask, admin: Browser, vendor: Lighthouse, address: str) -> None:
    vendor.will_fail(ChannelError("Lighthouse could not be reached."))
    work(app)
    page = admin.get(address).text
    assert "Lighthouse could not be reached. Tried 1 time in vain." in page


def test_the_debounce_is_kept(admin: Browser, vendor: Lighthouse, address: str) -> None:
    answer = admin.submit(f"{address}/presence", page=address, seconds="30")
    assert answer.status_code == 303
    assert presence.debounce_seconds(vendor.channel) == 30


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        ("601", "Choose between 0 and 600 seconds."),
        ("-1", "Choose between 0 and 600 seconds."),
        ("1.5", "Enter a whole number of seconds."),
        ("", "Enter a number of seconds."),
    ],
)
def test_a_debounce_that_is_none_is_refused_at_its_field(
    admin: Browser, vendor: Lighthouse, address: str, seconds: str, sentence: str
) -> None:
    answer = admin.submit(f"{address}/presence", page=address, seconds=seconds)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert presence.debounce_seconds(vendor.channel) == presence.USUAL_DEBOUNCE


def test_everybody_can_be_told_again(app: Flask, admin: Browser, vendor: Lighthouse, address: str) -> None:
    work(app)
    told = len(vendor.calls())
    admin.submit(f"{address}/presence/again", page=address)
    work(app)
    assert len(vendor.calls()) == 2 * told > 0


def test_only_administrators_change_it(browser: Browser, vendor: Lighthouse, address: str) -> None:
    for action in ("presence", "presence/again"):
        assert browser.act(f"{address}/{action}", seconds="30").status_code == 403
    assert presence.debounce_seconds(vendor.channel) == presence.USUAL_DEBOUNCE


def test_a_channel_that_is_told_nothing_says_so_or_nothing(admin: Browser) -> None:
    for channel, said in ((make.website(), ""), (make.chatra(), "Unsupported until the vendor's method is known")):
        address = f"/settings/integrations/{channel.id}"
        assert not channels.is_told_presence(channel)
        page = admin.get(address).text
        assert ("Presence" in page) is bool(said)
        assert said in page
        assert admin.submit(f"{address}/presence", page=address, seconds="30").status_code == 404
