"""Names as long as they may be stay where they belong, on phones and on wide screens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from models import Agent
from services.attendance import statuses
from services.conversations import chats
from services.team import agents
from tests import factories as make
from tests.browsing import PASSWORD
from tests.e2e import scenes
from tests.e2e.conftest import People, RunningDesk, say
from tests.e2e.reconnect import scene

NAMES = {
    "words": "Dr. Maximiliane-Alexandra von Hohenzollern-Sigmaringen",
    "one word": "Long " + "W" * 115,
}
SCREENS = ({"width": 360, "height": 640}, {"width": 1280, "height": 800})
# Texts with the name that stick out of the part of the page in which they stand, or out of the page.
STICKING_OUT = """(name) => [...document.querySelectorAll("body *")].filter((each) => {
    const says = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.includes(name));
    if (!says || !each.checkVisibility() || getComputedStyle(each).clipPath !== "none") return false;
    const parts = ".bubble, .chat-bar, .here, .chat-head, .chat-row, .menu, .dialog, .card, .sheet";
    const part = each.closest(parts) || document.body;
    const isCut = getComputedStyle(each.parentElement).textOverflow === "ellipsis";
    const inner = (isCut ? each.parentElement : each).getBoundingClientRect(), outer = part.getBoundingClientRect();
    return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.right > innerWidth;
}).map((each) => `${each.localName}.${each.className}`)"""


def named(name: str) -> Agent:
    """An administrator of this name."""
    address = f"{scene.newcomer().replace(' ', '-')}@desk.example"
    agent = agents.create(email=address, name=name, password=PASSWORD, is_admin=True)
    statuses.begin(agent.id)
    return agent


def expect_to_stay(page: Page, name: str) -> None:
    for size in SCREENS:
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert page.evaluate(STICKING_OUT, name[:20]) == [], size


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_colleagues_see_long_names_in_their_places(people: People, running: RunningDesk, name: str) -> None:
    agent, case = named(name), make.chat(visitor=scene.newcomer())
    chats.take(case.id, agent)
    chats.reply(case.id, agent, "Good day!")
    page = people.signed_in(agent)
    page.goto(f"{running.url}/chats/{case.id}")
    _, ann = people.agent("Ann", admin=True)
    ann.goto(f"{running.url}/chats/{case.id}")
    expect(ann.locator(".here-one")).to_have_count(1)
    expect_to_stay(ann, name)
    page.get_by_role("button", name="Your account").click()
    expect_to_stay(page, name)
    ann.get_by_role("button", name="Transfer chat").click()
    expect(ann.get_by_role("dialog").get_by_text("is answering this customer")).to_be_visible()
    expect_to_stay(ann, name)
    for place in ("agents", f"agents/{agent.id}", f"agents/{agent.id}/delete", "statuses/times"):
        ann.goto(f"{running.url}/settings/{place}")
        expect_to_stay(ann, name)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_visitors_see_long_names_whole_or_shortened(people: People, name: str) -> None:
    visitor = people.visitor()
    log = visitor.get_by_role("log")
    expect(log.get_by_text("Sent", exact=True)).to_have_count(1)
    chats.reply(scenes.newest_case().id, named(name), "Good day!")
    expect(log.get_by_text("Good day!")).to_be_visible()
    say(visitor, "Thank you!")
    for size in SCREENS:
        visitor.set_viewport_size(size)
        for text in (log.locator(".author:not(.unseen)"), visitor.locator(".talking")):
            box, panel = text.bounding_box(), visitor.get_by_role("dialog").bounding_box()
            assert box is not None
            assert panel is not None
            assert panel["x"] <= box["x"]
            assert box["x"] + box["width"] <= panel["x"] + panel["width"]
            assert text.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
