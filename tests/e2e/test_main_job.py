"""The main job in real browsers: a visitor writes, an agent answers, the chat becomes a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from services import settings
from services.conversations import chats
from services.settings import ChatSettings
from tests.e2e.chatting import answer, bell, end_chat, log_of, newest_case, section
from tests.e2e.conftest import People, RunningDesk, say, write_first

Picture = Callable[[Page, str], None]


def test_a_visitors_message_reaches_every_agent_and_the_answer_comes_back(people: People, picture: Picture) -> None:
    _, ann = people.agent("Ann")
    _, bob = people.agent("Bob")
    visitor = people.visitor("Maria", "Where is my order 7731?")
    for page in (ann, bob):
        bell(page, 1, 0)
        expect(section(page, "new").get_by_text("Maria")).to_be_visible()
        expect(page).to_have_title(re.compile(r"^\(1\) "))
    section(ann, "new").get_by_text("Maria").click()
    expect(log_of(ann).get_by_text("Where is my order 7731?")).to_be_visible()
    picture(ann, "chat-new")
    ann.get_by_role("button", name="Take chat").click()
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    expect(section(bob, "new").get_by_text("Maria")).to_have_count(0)
    bell(bob, 0, 0)
    answer(ann, "It left this morning.")
    expect(log_of(ann).get_by_text("It left this morning.")).to_have_count(1)
    expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
    picture(ann, "chat-mine")
    picture(visitor, "widget-open")


def test_answering_takes_the_chat(people: People) -> None:
    _, ann = people.agent()
    people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "hello")
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    expect(ann.get_by_role("button", name="Take chat")).to_be_hidden()


def test_both_see_the_other_writing(people: People) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    visitor.get_by_role("textbox", name="Message").press_sequentially("gre")
    expect(ann.get_by_text("Maria is writing…")).to_be_visible()
    ann.get_by_role("textbox", name="Reply").press_sequentially("any")
    expect(visitor.get_by_text("Ann is writing…")).to_be_visible()


def test_a_closed_widget_opens_again_by_itself_when_the_agent_answers(people: People) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    visitor.get_by_role("button", name="Close chat").first.click()
    expect(visitor.get_by_role("log")).to_be_hidden()
    answer(ann, "first answer")
    expect(visitor.get_by_role("log").get_by_text("first answer")).to_be_visible()
    visitor.get_by_role("button", name="Close chat").first.click()
    answer(ann, "second answer")
    expect(visitor.get_by_role("log").get_by_text("second answer")).to_be_visible()


def test_a_widget_on_a_later_page_opens_for_an_answer_too(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria")
    visitor.get_by_role("button", name="Close chat").first.click()
    visitor.goto(f"{running.shop}/?blankets")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "still here")
    expect(visitor.get_by_role("log").get_by_text("still here")).to_be_visible()


def test_reloading_either_side_loses_nothing(people: People) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "two")
    expect(visitor.get_by_role("log").get_by_text("two")).to_be_visible()
    say(visitor, "three")
    expect(log_of(ann).get_by_text("three")).to_be_visible()
    for page in (ann, visitor):
        page.reload()
        for text in ("one", "two", "three"):
            expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)


def test_of_two_agents_who_take_at_once_the_second_is_told_who(people: People) -> None:
    people.expected = ["409"]
    ann, _ = people.agent("Ann")
    _, bob = people.agent("Bob")
    people.visitor("Maria")
    section(bob, "new").get_by_text("Maria").click()

    def ann_is_faster(route: Route) -> None:
        with people.running.app.app_context():
            chats.take(newest_case().id, ann)
        route.continue_()

    bob.route("**/take", ann_is_faster)
    bob.get_by_role("button", name="Take chat").click()
    expect(bob.get_by_text("Ann has taken this chat.")).to_be_visible()
    expect(bob.get_by_text("Ann has this chat")).to_be_visible()


def test_a_chat_from_chatra_does_exactly_the_same(people: People, running: RunningDesk) -> None:
    agent, ann = people.agent("Ann")
    client = running.chatra.visitor_says(None, "Hello from Chatra", name="Jonas").client_id
    row = section(ann, "new").locator(".chat-row", has_text="Jonas")
    # By its address: what Chatra tells of the visitor replaces the row right after it has come, also under a click.
    ann.goto(f"{running.url}/chats/{row.get_attribute('data-case')}")
    expect(log_of(ann).get_by_text("Hello from Chatra")).to_be_visible()
    answer(ann, "Hello back")
    expect(ann.locator('.message[data-delivery="sent"]')).to_have_count(1)
    sent = [message for message in running.chatra.messages(client) if message.type == "agent"]
    assert [(message.text, message.agent.email) for message in sent if message.agent] == [("Hello back", agent.email)]
    running.chatra.visitor_says(client, "Thanks")
    expect(log_of(ann).get_by_text("Thanks")).to_be_visible()
    end_chat(ann, "Closed")
    expect(section(ann, "mine").get_by_text("Jonas")).to_have_count(0)


def test_without_third_party_storage_or_cookies_the_widget_works(people: People, running: RunningDesk) -> None:
    visitor = people.page()
    visitor.goto(running.shop)
    assert visitor.context.cookies() == []
    assert visitor.evaluate("localStorage.length") == 0
    write_first(visitor, "Maria", "hello")
    _, ann = people.agent()
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    assert visitor.context.cookies() == []


def test_the_first_administrator_sets_minutes_and_sees_the_snippet(people: People, running: RunningDesk) -> None:
    _, boss = people.agent("Boss", admin=True)
    boss.goto(f"{running.url}/settings/chats")
    boss.get_by_label("End a chat after this many silent minutes").fill("7")
    boss.get_by_role("button", name="Save").click()
    expect(boss.get_by_text("Saved.")).to_be_visible()
    assert settings.chats().silence_minutes == 7
    settings.change_chats(ChatSettings())
    boss.goto(f"{running.url}/settings/widget")
    expect(boss.get_by_text(f"{running.url}/widget.js")).to_be_visible()


def test_everything_works_by_keyboard(people: People) -> None:
    _, ann = people.agent()
    people.visitor("Maria", "hello")
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    ann.keyboard.press("j")
    expect(log_of(ann).get_by_text("hello")).to_be_visible()
    ann.keyboard.press("t")
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    ann.keyboard.press("r")
    ann.keyboard.type("by keyboard")
    ann.keyboard.press("Shift+Enter")
    ann.keyboard.type("two lines")
    ann.keyboard.press("Enter")
    expect(log_of(ann).get_by_text("two lines")).to_be_visible()
    ann.keyboard.press("Escape")
    ann.keyboard.press("?")
    expect(ann.get_by_role("dialog").get_by_text("Take chat").first).to_be_visible()
    ann.keyboard.press("Escape")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(people: People, picture: Picture, theme: str) -> None:
    _, ann = people.agent(viewport={"width": 360, "height": 740}, color_scheme=theme)
    people.visitor("Maria", "hello", viewport={"width": 360, "height": 740}, color_scheme=theme)
    picture(ann, f"phone-list-{theme}")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "hi")
    expect(log_of(ann).get_by_text("hi", exact=True)).to_be_visible()
    assert ann.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(ann, f"phone-chat-{theme}")


def test_files_go_both_ways(people: People, tmp_path: Path) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "here it comes")
    section(ann, "new").get_by_text("Maria").click()
    for page, name in ((visitor, "from-the-visitor.txt"), (ann, "from-the-agent.txt")):
        file = tmp_path / name
        file.write_text("plain words")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Send", exact=True).click()
    for page in (visitor, ann):
        for name in ("from-the-visitor.txt", "from-the-agent.txt"):
            expect(page.get_by_role("log").get_by_text(name)).to_be_visible()
    with ann.expect_download() as download:
        log_of(ann).get_by_role("link", name=re.compile("from-the-visitor.txt")).click()
    assert download.value.path().read_text() == "plain words"


def test_words_survive_a_desk_that_is_away(people: People) -> None:
    people.expected = ["Failed to load resource", "WebSocket"]
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "two")
    expect(visitor.get_by_role("log").get_by_text("two")).to_be_visible()
    for page in (ann, visitor):
        page.context.set_offline(True)
    say(visitor, "said offline")
    answer(ann, "answered offline")
    expect(log_of(ann).get_by_text("answered offline")).to_be_visible()
    for page in (ann, visitor):
        page.context.set_offline(False)
    for page in (ann, visitor):
        for text in ("one", "two", "said offline", "answered offline"):
            expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1, timeout=30_000)
