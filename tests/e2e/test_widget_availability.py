"""The widget knows who is there: it becomes the offline form, disappears and comes back without a reload (R21, R23)."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, Route, expect

from models import Agent, StatusKind, WhenAway
from realtime.bus import bus
from services.attendance import statuses
from services.conversations import chats
from tests import factories as make
from tests.e2e import scenes
from tests.e2e.conftest import People, RunningDesk, say, while_away
from tests.processes.running import eventually

# What product.md §6.3 promises where the panel is open, and a poll of a second where only the button is.
PUSHED, POLLED = 2_000, 4_000


@pytest.fixture(autouse=True)
def _as_new_desks_have_it(desk_app: Flask) -> None:
    while_away(WhenAway.FORM)


def comes_back(agent: Agent) -> None:
    statuses.choose(agent.id, statuses.built_in(StatusKind.ONLINE).id)


def launcher(page: Page) -> Locator:
    return page.locator("deskbell-widget .launcher")


def form(page: Page) -> Locator:
    return page.get_by_role("button", name="Send message")


def composer(page: Page) -> Locator:
    return page.get_by_role("button", name="Send", exact=True)


def words(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message")


def open_panel(page: Page) -> None:
    """Open the panel and wait until it has caught up behind its socket's first word."""
    with page.expect_response("**/state?*"):
        launcher(page).click()


def looks_every_second(page: Page) -> None:
    """Have the desk say that this page is to look every second."""

    def quicken(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "poll": 1}))

    page.route("**/config?*", quicken)


def fill_form(page: Page, name: str, email: str, text: str) -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail", exact=True).fill(email)
    words(page).fill(text)
    form(page).click()


@pytest.mark.row("R23")
def test_an_open_panel_becomes_the_form_when_the_last_agent_leaves_and_a_chat_when_one_is_back(
    people: People, running: RunningDesk
) -> None:
    agent, page = make.agent(), people.page()
    page.goto(running.shop)
    open_panel(page)
    expect(composer(page)).to_be_visible()
    scenes.stops_chatting(agent)
    expect(form(page)).to_be_visible(timeout=PUSHED)
    expect(page.get_by_text("Nobody is here at the moment.")).to_be_visible()
    comes_back(agent)
    expect(composer(page)).to_be_visible(timeout=PUSHED)
    expect(page.get_by_text("Nobody is here at the moment.")).to_be_hidden()


@pytest.mark.row("R23")
def test_the_button_alone_goes_and_comes_without_a_socket(people: People, running: RunningDesk) -> None:
    while_away(WhenAway.HIDE)
    agent, page = make.agent(), people.page()
    sockets: list[object] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    looks_every_second(page)
    page.goto(running.shop)
    expect(launcher(page)).to_be_visible()
    scenes.stops_chatting(agent)
    expect(launcher(page)).to_be_hidden(timeout=POLLED)
    comes_back(agent)
    expect(launcher(page)).to_be_visible(timeout=POLLED)
    assert sockets == []


def test_what_was_typed_stays_when_the_chat_becomes_the_form_and_back(people: People, running: RunningDesk) -> None:
    agent, page = make.agent(), people.page()
    page.goto(running.shop)
    open_panel(page)
    page.get_by_label("Your name").fill("Maria")
    words(page).fill("Is the lamp")
    scenes.stops_chatting(agent)
    expect(form(page)).to_be_visible()
    expect(words(page)).to_be_focused()
    expect(words(page)).to_have_value("Is the lamp")
    words(page).press_sequentially(" there?")
    page.get_by_label("E-mail", exact=True).fill("maria@shop.example")
    comes_back(agent)
    expect(composer(page)).to_be_visible()
    for field, value in (("Your name", "Maria"), ("E-mail (optional)", "maria@shop.example")):
        expect(page.get_by_label(field)).to_have_value(value)
    expect(words(page)).to_have_value("Is the lamp there?")


def test_the_form_becomes_a_case_that_waits_among_all_cases(people: People, running: RunningDesk) -> None:
    page = people.page()
    page.goto(running.shop)
    open_panel(page)
    form(page).click()
    expect(page.get_by_role("alert")).to_have_text("Please tell us your name.")
    fill_form(page, "Maria", "maria", "Is the lamp there?")
    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address")
    page.get_by_label("E-mail", exact=True).fill("maria@shop.example")
    form(page).click()
    expect(page.get_by_text("We have your message and will get in touch at maria@shop.example.")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("Is the lamp there?")).to_have_count(1)
    expect(words(page)).to_have_value("")
    case = scenes.newest_case()
    assert (case.active, case.status, case.customer.email) == (False, "open", "maria@shop.example")
    _, ann = people.agent()
    ann.goto(f"{running.url}/cases")
    ann.locator(f"#case-row-{case.id} a").click()
    expect(ann.get_by_role("log").get_by_text("Is the lamp there?")).to_be_visible()
    expect(ann.get_by_text("maria@shop.example")).to_be_visible()


def test_an_answer_to_the_form_opens_the_panel_as_a_chat(people: People, running: RunningDesk) -> None:
    page = people.page()
    page.goto(running.shop)
    open_panel(page)
    fill_form(page, "Maria", "maria@shop.example", "Is the lamp there?")
    expect(page.get_by_text("We have your message")).to_be_visible()
    page.get_by_role("button", name="Close chat").first.click()
    chats.reply(scenes.newest_case().id, make.agent("Ann"), "It is.")
    expect(page.get_by_role("log").get_by_text("It is.")).to_be_visible()
    expect(composer(page)).to_be_visible()


def test_a_widget_that_hides_shows_nothing_while_nobody_is_there(people: People, running: RunningDesk) -> None:
    while_away(WhenAway.HIDE)
    page = people.page()
    page.goto(running.shop)
    expect(launcher(page)).to_have_count(1)
    expect(launcher(page)).to_be_hidden()


def test_an_open_panel_that_hides_comes_back_with_what_was_typed(people: People, running: RunningDesk) -> None:
    while_away(WhenAway.HIDE)
    agent, page = make.agent(), people.page()
    page.goto(running.shop)
    open_panel(page)
    words(page).fill("Is the lamp")
    scenes.stops_chatting(agent)
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=PUSHED)
    expect(launcher(page)).to_be_hidden()
    comes_back(agent)
    expect(words(page)).to_have_value("Is the lamp", timeout=PUSHED)
    expect(words(page)).to_be_visible()


@pytest.mark.parametrize("when_away", [WhenAway.HIDE, WhenAway.FORM])
def test_a_chat_under_way_is_never_taken_away(people: People, when_away: WhenAway) -> None:
    while_away(when_away)
    agent = make.agent()
    page = people.visitor("Maria", "Where is my order?")
    expect(page.get_by_role("log").get_by_text("Sent")).to_have_count(1)
    scenes.stops_chatting(agent)
    expect(page.get_by_text("What you write is kept")).to_be_visible(timeout=PUSHED)
    say(page, "Hello?")
    expect(page.get_by_role("log").get_by_text("Sent")).to_have_count(2)
    page.reload()
    expect(launcher(page)).to_be_visible()
    expect(composer(page)).to_be_visible()
    assert scenes.newest_case().active


def test_whoever_waits_in_a_chat_may_leave_an_address(people: People) -> None:
    agent = make.agent()
    page = people.visitor("Maria", "Where is my order?")
    scenes.stops_chatting(agent)
    address = page.get_by_label("Leave your e-mail")
    address.fill("maria")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address")
    address.fill("maria@shop.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("We will get in touch at maria@shop.example")).to_be_visible()
    expect(address).to_be_hidden()
    assert eventually(lambda: scenes.newest_case().customer.email == "maria@shop.example")


def test_a_widget_that_always_offers_the_chat_does(people: People) -> None:
    while_away(WhenAway.ALWAYS)
    page = people.visitor("Maria", "Anybody there?")
    expect(page.get_by_role("log").get_by_text("Sent")).to_have_count(1)
    expect(page.get_by_text("Nobody is here")).to_be_hidden()
    assert scenes.newest_case().active


def test_what_changed_while_the_link_was_down_is_known_when_it_is_back(people: People, running: RunningDesk) -> None:
    people.expected = ["ERR_INTERNET_DISCONNECTED", "WebSocket"]
    agent, page = make.agent(), people.page()
    page.goto(running.shop)
    open_panel(page)
    page.context.set_offline(True)
    scenes.stops_chatting(agent)
    page.context.set_offline(False)
    expect(form(page)).to_be_visible()


@pytest.mark.row("R21")
def test_a_wiped_redis_says_nothing_about_anybody(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    page, newcomer = people.page(), people.page()
    page.goto(running.shop)
    open_panel(page)
    bus.redis.flushall()
    newcomer.goto(running.shop)
    open_panel(newcomer)
    for visitor in (page, newcomer):
        expect(composer(visitor)).to_be_visible()
    ann.get_by_role("button", name="Your account").click()
    ann.get_by_role("group", name="Your status").get_by_role("button", name="Without chats").click()
    for visitor in (page, newcomer):
        expect(form(visitor)).to_be_visible(timeout=PUSHED)


def test_a_page_in_the_background_does_not_ask_and_asks_at_once_when_it_is_looked_at(
    people: People, running: RunningDesk
) -> None:
    page, asked = people.page(), []
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => !window.seen, configurable: true })")
    looks_every_second(page)
    page.on("request", lambda request: asked.append(request.url) if "/state" in request.url else None)
    page.goto(running.shop)
    expect(launcher(page)).to_be_visible()
    page.wait_for_timeout(3_000)  # that nothing happens takes time
    assert asked == []
    with page.expect_response("**/state", timeout=1_000):
        page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
