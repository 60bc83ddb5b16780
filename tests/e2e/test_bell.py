"""The green icon: what waits is counted, heard and cleared by reading."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.chatting import answer, bell, log_of, newest_case, section
from tests.e2e.conftest import People, RunningDesk, say

COUNT_RINGS = """() => {
    document.body.dataset.rings = "0";
    HTMLMediaElement.prototype.play = async () => { document.body.dataset.rings++ };
}"""


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


def test_where_no_chat_is_open_it_is_quiet_only_until_chats_wait(people: People) -> None:
    _, ann = people.agent()
    place = ann.locator("#no-chat")
    expect(place.get_by_text("All quiet")).to_be_visible()
    people.visitor("Maria", "one")
    expect(place.get_by_text("Choose a chat from the list")).to_be_visible()
    expect(place.get_by_text("Waiting in New: 1")).to_be_visible()
    expect(place.get_by_text("All quiet")).to_be_hidden()
    people.visitor("Paul", "two")
    expect(place.get_by_text("Waiting in New: 2")).to_be_visible()
    ann.reload()
    expect(place.get_by_text("Waiting in New: 2")).to_be_visible()
    for name in ("Maria", "Paul"):
        section(ann, "new").get_by_text(name).click()
        ann.get_by_role("button", name="Take chat").click()
        expect(section(ann, "mine").get_by_text(name)).to_be_visible()
    ann.get_by_role("link", name="Chats", exact=True).click()
    expect(place.get_by_text("No chat is open here")).to_be_visible()


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
