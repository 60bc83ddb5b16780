"""R1, R2, R3, R5, R12: after any gap a page shows what the desk has, without a click or a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from services.conversations import chats
from tests import factories as make
from tests.e2e.chatting import answer
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene
from tests.e2e.reconnect.seeing import shows_what_the_desk_has, widget_shows_what_the_desk_has
from tests.network import Way, WeakLink
from tests.processes.running import eventually

MISSED = ["first missed", "second missed", "third missed"]
HIDE = """() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
}"""
LONG = "and so on " * 100
MARK = "window.isTheSamePage = true"


def is_the_same_page(page: Page) -> bool:
    """Whether it was never reloaded since it was marked."""
    return bool(page.evaluate("window.isTheSamePage === true"))


@pytest.mark.row("R1")
def test_what_was_said_while_an_agents_link_was_cut_is_there_once_and_in_order(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    ann.evaluate(MARK)
    refused = link.refused
    link.close()
    desk.goes_on(*MISSED)
    assert eventually(lambda: link.refused > refused + 2)
    link.restore()
    scene.hears(ann, "third missed")
    assert scene.thread_texts(ann) == ["Hello", *MISSED]
    shows_what_the_desk_has(ann)
    assert is_the_same_page(ann)


@pytest.mark.row("R2")
@pytest.mark.parametrize("gap", ["00:02", "01:00", "30:00"])
def test_the_length_of_the_gap_makes_no_difference(people: People, link: WeakLink, gap: str) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    ann.clock.install()
    ann.reload()
    scene.open_chat(ann, desk.open)
    link.close()
    desk.goes_on(*MISSED)
    ann.clock.fast_forward(gap)
    link.restore()
    ann.clock.fast_forward("00:20")
    scene.hears(ann, "third missed")
    assert scene.thread_texts(ann) == ["Hello", *MISSED]
    shows_what_the_desk_has(ann)


@pytest.mark.row("R2")
def test_after_a_gap_of_hundreds_of_messages_the_thread_has_no_hole(people: People, link: WeakLink) -> None:
    _, ann = people.agent("Ann")
    case = make.chat("Hello", visitor=scene.newcomer())
    scene.open_chat(ann, case)
    link.close()
    scene.says_at_once(case, *(f"line {number}" for number in range(1, 451)))
    link.restore()
    ann.evaluate("window.dispatchEvent(new Event('online'))")
    expect(ann.locator("#conversation .thread .message")).to_have_count(451, timeout=20_000)
    assert scene.thread_texts(ann) == scene.stored_texts(case)


@pytest.mark.row("R2")
def test_after_a_gap_of_hundreds_of_messages_a_widget_has_no_hole(people: People, link: WeakLink) -> None:
    visitor = people.page()
    visitor.goto(people.running.shop)
    # A customer's ticket, no stranger's: the page has caught up once and knows where it stands.
    with visitor.expect_response(lambda it: "/ticket" in it.url and "authorization" in it.request.headers):
        case = scene.writes_first(visitor, "Maria", "Hello")
    link.close()
    scene.says_at_once(case, *(f"line {number}" for number in range(1, 451)))
    link.restore()
    visitor.evaluate("window.dispatchEvent(new Event('online'))")
    panel = visitor.locator("section.panel")
    expect(panel.locator(".message")).to_have_count(451, timeout=20_000)
    assert panel.locator(".message .text").all_inner_texts() == scene.stored_texts(case)


@pytest.mark.row("R3")
def test_after_an_hour_of_sleep_list_and_chat_are_right_at_once(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    ann.clock.install()
    scene.reload_and_join(ann)
    scene.open_chat(ann, desk.open)
    sleep = ann.context.new_cdp_session(ann)
    sleep.send("Page.setWebLifecycleState", {"state": "frozen"})
    for way in Way:
        link.swallow(way)
    desk.goes_on(*MISSED)
    sleep.send("Page.setWebLifecycleState", {"state": "active"})
    assert scene.thread_texts(ann) == ["Hello"]
    ann.clock.fast_forward("01:00:00")
    row = ann.locator(f'.chat-section[data-section="others"] #chat-row-{desk.taken.id}')
    expect(row).to_be_visible()
    expect(ann.get_by_role("log").get_by_text("third missed")).to_be_visible()
    answer(ann, "Good morning")
    expect(ann.locator("#conversation .mark-sent")).to_have_count(1)
    shows_what_the_desk_has(ann)


@pytest.mark.row("R5")
def test_a_widget_that_comes_back_into_view_shows_what_it_missed(people: People, link: WeakLink) -> None:
    agent = make.agent("Ann")
    visitor = people.page()
    visitor.clock.install()
    visitor.goto(people.running.shop)
    case = scene.writes_first(visitor, "Maria", "Where is my order?")
    assert eventually(lambda: link.sockets == 1)
    visitor.evaluate(HIDE)
    visitor.clock.pause_at(visitor.evaluate("Date.now() / 1000 + 1"))
    for way in Way:
        link.swallow(way)
    chats.reply(case.id, agent, "It left this morning.")
    visitor.clock.set_system_time(visitor.evaluate("Date.now() / 1000 + 120"))
    expect(visitor.get_by_text("It left this morning.")).to_have_count(0)
    visitor.evaluate(SHOW)
    expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
    widget_shows_what_the_desk_has(visitor)


@pytest.mark.row("R12")
def test_a_slow_agent_lacks_nothing_of_five_hundred_events_at_the_end(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    link.slow_down(1000)
    for number in range(25):
        scene.says_at_once(desk.open, *(f"{number}.{part} {LONG}" for part in range(7)))
        scene.says_at_once(desk.waiting, *(f"{number}.{part} {LONG}" for part in range(13)))
    link.restore()
    expect(ann.locator("#conversation .thread .message")).to_have_count(1 + 25 * 7, timeout=20_000)
    assert scene.thread_texts(ann) == scene.stored_texts(desk.open)
    shows_what_the_desk_has(ann)
