"""The main job in real browsers: a visitor writes, an agent answers, the chat becomes a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from extensions import db
from models import Case
from services import clock, settings
from services.conversations import chats
from services.settings import ChatSettings
from services.uow import unit_of_work
from tests.e2e.conftest import People, RunningDesk, say, write_first

Picture = Callable[[Page, str], None]
COUNT_RINGS = """() => {
    document.body.dataset.rings = "0";
    HTMLMediaElement.prototype.play = async () => { document.body.dataset.rings++ };
}"""


def bell(page: Page, new: int, replies: int) -> None:
    expect(page.get_by_role("button", name=f"Chats: {new} new, {replies} replies", exact=True)).to_be_visible()


def section(page: Page, name: str) -> object:
    return page.locator(f'.chat-section[data-section="{name}"]')


def log_of(page: Page) -> object:
    return page.get_by_role("main").get_by_role("log")


def answer(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Reply").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def end_chat(page: Page, status: str) -> None:
    page.get_by_role("button", name="End chat").click()
    page.get_by_role("dialog").get_by_role("button", name=status, exact=True).click()


def newest_case() -> Case:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc()).limit(1)).one()


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


@pytest.mark.parametrize("status", ["Open", "Pending", "Closed"])
def test_ending_asks_for_a_status_and_the_case_joins_the_list(
    people: People, running: RunningDesk, status: str
) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", f"a question for {status}")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "an answer")
    expect(visitor.get_by_role("log").get_by_text("an answer")).to_be_visible()
    number = newest_case().id
    ann.goto(f"{running.url}/cases")
    expect(ann.locator(f'a[href="/cases/{number}"]')).to_have_count(0)
    ann.goto(f"{running.url}/chats/{number}")
    end_chat(ann, status)
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
    ann.goto(f"{running.url}/cases")
    expect(ann.get_by_role("main").locator(f'a[href="/cases/{number}"]').first).to_be_visible()
    assert newest_case().status == status.lower()


def test_a_customer_who_writes_again_reactivates_the_case_unless_it_was_closed(people: People) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    first = newest_case().id
    for status, same in (("Pending", True), ("Closed", False)):
        section(ann, "new").get_by_text("Maria").click()
        ann.get_by_role("button", name="Take chat").click()
        end_chat(ann, status)
        expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
        say(visitor, f"after {status}")
        expect(section(ann, "new").get_by_text(f"after {status}")).to_be_visible()
        assert (newest_case().id == first) is same


def test_a_chat_that_is_active_again_leaves_an_open_list_of_cases(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    section(ann, "new").get_by_text("Maria").click()
    ann.get_by_role("button", name="Take chat").click()
    end_chat(ann, "Pending")
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
    ann.goto(f"{running.url}/cases")
    listed = ann.locator(f"#case-row-{newest_case().id}")
    expect(listed).to_be_visible()
    say(visitor, "one more thing")
    expect(listed).to_have_count(0)


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


def test_the_countdown_warns_and_postponing_gives_five_minutes(people: People, picture: Picture) -> None:
    _, ann = people.agent()
    people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    ann.get_by_role("button", name="Take chat").click()
    case = newest_case()
    with unit_of_work() as session:
        session.get_one(Case, case.id).ends_at = clock.now() + timedelta(seconds=90)
    ann.reload()
    expect(ann.locator(".countdown-text", has_text=re.compile(r"ends in 1:[0-2]\d"))).to_be_visible()
    picture(ann, "chat-countdown")
    with ann.expect_response("**/postpone"):
        ann.get_by_role("button", name="5 min").click()
    expect(ann.locator(".countdown-text", has_text=re.compile(r"ends in 1:[0-2]\d"))).to_be_hidden()
    assert newest_case().ends_at - clock.now() > timedelta(minutes=5)


def test_a_silent_chat_ends_by_itself_and_leaves_the_list(people: People) -> None:
    _, ann = people.agent()
    people.visitor("Maria")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "hello")
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    with unit_of_work() as session:
        session.get_one(Case, newest_case().id).ends_at = clock.now()
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0, timeout=15_000)
    assert newest_case().status == "pending"


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


def test_the_green_icon_counts_on_every_page_and_opens_the_chats(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    ann.goto(f"{running.url}/cases")
    people.visitor("Maria", "one")
    bell(ann, 1, 0)
    ann.get_by_role("button", name="Chats: 1 new, 0 replies").click()
    ann.locator("#chat-drawer").get_by_role("link", name=re.compile("Maria")).click()
    expect(ann).to_have_url(re.compile(r"/chats/\d+$"))
    expect(log_of(ann).get_by_text("one")).to_be_visible()


def test_an_unread_reply_in_ones_own_chat_is_counted_elsewhere_and_cleared_by_reading(
    people: People, running: RunningDesk
) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "two")
    expect(visitor.get_by_role("log").get_by_text("two")).to_be_visible()
    ann.goto(f"{running.url}/cases")
    say(visitor, "three")
    bell(ann, 0, 1)
    ann.goto(f"{running.url}/chats/{newest_case().id}")
    bell(ann, 0, 0)


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


def test_a_new_chat_and_a_reply_out_of_sight_are_heard(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    ann.evaluate(COUNT_RINGS)
    visitor = people.visitor("Maria", "one")
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    expect(ann.locator("body")).to_have_attribute("data-rings", "1")
    section(ann, "new").get_by_text("Maria").click()
    answer(ann, "two")
    expect(visitor.get_by_role("log").get_by_text("two")).to_be_visible()
    say(visitor, "before the agent's eyes")
    expect(log_of(ann).get_by_text("before the agent's eyes")).to_be_visible()
    expect(ann.locator("body")).to_have_attribute("data-rings", "1")
    ann.goto(f"{running.url}/cases")
    ann.evaluate(COUNT_RINGS)
    bell(ann, 0, 0)
    say(visitor, "four")
    bell(ann, 0, 1)
    expect(ann.locator("body")).to_have_attribute("data-rings", "1")


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
