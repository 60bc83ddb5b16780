"""A second factor from the first look at its page to signing in with it, and what an administrator can do."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
from playwright.sync_api import Page, expect

from models import Agent
from services import clock
from services.signing_in import passwords
from tests import factories as make
from tests.browsing import PASSWORD
from tests.e2e.conftest import People, RunningDesk
from tests.e2e.test_accessibility import CALM, PHONE, Sights, sights

__all__ = ["sights"]

SECURITY = "/profile/security"


def phone_of(page: Page) -> pyotp.TOTP:
    """An app that has scanned the page."""
    return pyotp.TOTP(page.get_by_label("Key", exact=True).input_value())


def code_of(phone: pyotp.TOTP, steps: int = 0) -> str:
    """What it shows now, or so many steps later: the desk takes those around as well, each once."""
    return phone.at(clock.now() + timedelta(seconds=30 * steps))


def turn_on(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """Turn the second factor on; the phone, and the recovery codes."""
    page.get_by_role("link", name="Turn on the second factor").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    phone = phone_of(page)
    page.get_by_label("Code").fill(code_of(phone, -1))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="The second factor is on")).to_be_visible()
    return phone, page.locator(".recovery-codes li").all_inner_texts()


def to_second_step(people: People, agent: Agent, **options: object) -> Page:
    page = people.page(**options)
    page.goto(f"{people.running.url}/login")
    page.get_by_label("E-mail").fill(agent.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code")).to_be_visible()
    return page


def test_from_turning_it_on_to_signing_in_with_it(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["422"]
    ann, page = people.agent(**CALM)
    page.goto(running.url + SECURITY)
    phone, codes = turn_on(page)
    sights.look(page, "recovery-codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    sights.look(page, "security-with-second-factor")
    for name, address in (("codes", "codes"), ("off", "off")):
        page.goto(f"{running.url}{SECURITY}/two-factor/{address}")
        sights.look(page, f"second-factor-{name}")
    there = to_second_step(people, ann, viewport=PHONE, **CALM)
    sights.look(there, "second-step")
    there.get_by_label("Code").fill("000000")
    there.get_by_role("button", name="Sign in").click()
    expect(there.get_by_role("alert")).to_be_visible()
    sights.look(there, "second-step-refused")
    there.get_by_label("Code").fill(code_of(phone))
    there.get_by_role("button", name="Sign in").click()
    expect(there).to_have_url(f"{running.url}/chats")
    again = to_second_step(people, ann)
    again.get_by_label("Code").fill(codes[0])
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_have_url(f"{running.url}/chats")


def test_an_administrator_lets_somebody_in_whose_phone_is_gone(people: People, running: RunningDesk) -> None:
    ann, page = people.agent()
    page.goto(running.url + SECURITY)
    turn_on(page)
    _, boss = people.agent("Boss", admin=True)
    boss.goto(f"{running.url}/settings/agents/{ann.id}")
    boss.get_by_role("button", name="Reset the second factor").click()
    expect(boss.get_by_text("signs in with the password alone now")).to_be_visible()
    people.signed_in(ann)


def test_a_link_for_a_new_password(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["404", "422"]
    ann = make.agent("Ann")
    _, boss = people.agent("Boss", admin=True, **CALM)
    boss.goto(f"{running.url}/settings/agents/{ann.id}")
    boss.get_by_role("button", name="Link for a new password").click()
    link = boss.get_by_label("Link", exact=True).input_value()
    sights.look(boss, "password-link")
    page = people.page(**CALM)
    page.goto(link)
    sights.look(page, "choose-password")
    page.get_by_label("New password").fill("battery staple")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()
    sights.look(page, "choose-password-done")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    sights.look(page, "choose-password-over")


def test_signing_out_another_browser_takes_its_pages_away(people: People, running: RunningDesk) -> None:
    ann, page = people.agent()
    elsewhere = people.signed_in(ann)
    page.goto(running.url + SECURITY)
    page.get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(elsewhere.get_by_label("Password")).to_be_visible()
    expect(page.get_by_text("That browser is signed out.")).to_be_visible()


def test_another_password_takes_the_pages_of_other_browsers_away(people: People, running: RunningDesk) -> None:
    # The page may just be joining when its sign-in ends.
    people.expected = ["WebSocket", "ws:error", "401"]
    ann, page = people.agent()
    passwords.put(ann.id, "battery staple")
    expect(page.get_by_label("Password")).to_be_visible()


def test_on_a_small_screen(people: People, running: RunningDesk, sights: Sights) -> None:
    ann, page = people.agent(viewport=PHONE, **CALM)
    people.signed_in(ann)
    for address in ("", "/password", "/two-factor"):
        page.goto(running.url + SECURITY + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        sights.look(page, f"narrow-security{address.replace('/', '-')}")
