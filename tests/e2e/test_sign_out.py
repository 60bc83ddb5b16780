"""Signing out is for the whole browser: no tab of it goes on showing what customers say."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from models import Agent
from services.conversations import chats
from tests import factories as make
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene


def two_tabs(people: People, agent: Agent, case_id: int) -> tuple[Page, Page]:
    first = people.signed_in(agent)
    first.goto(f"{people.running.url}/chats/{case_id}")
    second = first.context.new_page()
    with second.expect_response("**/chats/rows"):
        second.goto(f"{people.running.url}/chats/{case_id}")
    return first, second


def sign_out(tab: Page) -> None:
    tab.get_by_role("button", name="Your account").click()
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_label("Password")).to_be_visible()


def test_the_other_tabs_go_to_the_sign_in_page_at_once(people: People) -> None:
    first, second = two_tabs(people, make.agent(), make.chat("Hello", visitor=scene.newcomer()).id)
    sign_out(first)
    expect(second.get_by_label("Password")).to_be_visible()


def test_what_was_being_written_is_there_after_signing_in_again(people: People) -> None:
    agent, case = make.agent(), make.chat("Hello", visitor=scene.newcomer())
    first, second = two_tabs(people, agent, case.id)
    second.get_by_role("textbox", name="Reply").fill("I was just about to")
    sign_out(first)
    expect(second.get_by_label("Password")).to_be_visible()
    for label, value in (("E-mail", agent.email), ("Password", "correct horse")):
        second.get_by_label(label).fill(value)
    second.get_by_role("button", name="Sign in").click()
    expect(second.get_by_role("textbox", name="Reply")).to_have_value("I was just about to")


def test_what_was_being_written_is_not_left_to_somebody_else(people: People) -> None:
    agent, case = make.agent(), make.chat("Hello", visitor=scene.newcomer())
    page = people.signed_in(agent)
    page.goto(f"{people.running.url}/chats/{case.id}")
    page.get_by_role("textbox", name="Reply").fill("between us")
    sign_out(page)
    for label, value in (("E-mail", make.agent("Bob").email), ("Password", "correct horse")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{people.running.url}/chats")
    assert "between us" not in page.evaluate("JSON.stringify(localStorage)")


def test_other_browsers_of_the_same_agent_stay(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    agent, elsewhere = people.agent()
    elsewhere.goto(f"{people.running.url}/chats/{case.id}")
    sign_out(people.signed_in(agent))
    chats.reply(case.id, make.agent("Bob"), "still told")
    scene.hears(elsewhere, "still told")


def test_new_minutes_of_silence_reach_pages_that_are_open(people: People) -> None:
    case = make.chat("Hello", visitor=scene.newcomer())
    _, ann = people.agent()
    ann.goto(f"{people.running.url}/chats/{case.id}")
    expect(ann.locator(".countdown")).to_be_hidden()
    _, boss = people.agent("Boss", admin=True)
    boss.goto(f"{people.running.url}/settings/chats")
    boss.get_by_label("End a chat after this many silent minutes").fill("3")
    boss.get_by_label("Warn this many minutes before").fill("3")
    boss.get_by_role("button", name="Save").click()
    expect(ann.locator(".countdown")).to_be_visible()
