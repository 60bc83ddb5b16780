"""What a screen reader is told: each message once, however often it comes, and each new chat once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from models import Delivery
from services.conversations import chats
from tests import factories as make
from tests.e2e import scenes
from tests.e2e.conftest import People, RunningDesk, say

# Keeps every text that is put into a live region, the way assistive technology hears of it: the nearest region decides,
# aria-live="off" silences what is inside.
LISTEN = """() => {
    window.heard = [];
    const LIVE = "[aria-live], [role=log], [role=status], [role=alert]";
    const isLive = (element) => {
        const region = element.closest(LIVE);
        return Boolean(region) && region.getAttribute("aria-live") !== "off";
    };
    const spoken = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return isLive(node.parentElement) ? node.data : "";
        const SILENT = "[aria-live=off], [aria-hidden=true], [hidden]";
        if (node.nodeType !== Node.ELEMENT_NODE || node.matches(SILENT)) return "";
        return [...node.childNodes].map(spoken).join(" ");
    };
    const hear = (records) => {
        for (const { addedNodes } of records) {
            for (const node of addedNodes) {
                const words = node.isConnected ? spoken(node).replace(/\\s+/g, " ").trim() : "";
                if (words && isLive(node.parentElement)) window.heard.push(words);
            }
        }
    };
    const shadow = document.querySelector("deskbell-widget")?.shadowRoot;
    const observer = new MutationObserver(hear);
    for (const root of [document.body, shadow]) if (root) observer.observe(root, { childList: true, subtree: true });
}"""


def heard(page: Page, part: str) -> list[str]:
    """What was said that has these words in it."""
    return [words for words in page.evaluate("window.heard") if part in words]


def resync(page: Page, path: str) -> None:
    """Have an agent's page fetch what it may have missed, and wait until it has."""
    with page.expect_response(lambda answer: path in answer.url):
        page.evaluate("document.dispatchEvent(new CustomEvent('deskbell:resync'))")
    page.wait_for_function(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )


def test_an_agent_hears_each_message_once(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    visitor = people.visitor("Maria", "one")
    ann.locator('.chat-section[data-section="new"]').get_by_text("Maria").click()
    log = ann.get_by_role("main").get_by_role("log")
    expect(log.get_by_text("one")).to_be_visible()
    ann.evaluate(LISTEN)
    say(visitor, "a word of the customer's")
    expect(log.get_by_text("a word of the customer's")).to_be_visible()
    ann.get_by_role("textbox", name="Reply").fill("a word of the agent's")
    ann.keyboard.press("Enter")
    expect(visitor.get_by_role("log").get_by_text("a word of the agent's")).to_be_visible()
    case = scenes.newest_case_of("Maria")
    resync(ann, f"/chats/{case.id}/messages")
    ann.evaluate("document.querySelector('#conversation').dataset.rev = 0")
    resync(ann, f"/chats/{case.id}/messages")
    for words in ("a word of the customer's", "a word of the agent's"):
        expect(log.get_by_text(words)).to_have_count(1)
        assert len(heard(ann, words)) == 1, ann.evaluate("window.heard")


def test_a_message_whose_delivery_changes_is_not_read_out_again(people: People, running: RunningDesk) -> None:
    agent, ann = people.agent()
    case = make.chat("one")
    chats.reply(case.id, agent, "a word of the agent's")
    ann.goto(f"{running.url}/chats/{case.id}")
    article = ann.locator(".message", has_text="a word of the agent's")
    article.evaluate("each => { each.isTheSame = true }")
    ann.evaluate(LISTEN)
    scenes.settle_last(case, Delivery.FAILED)
    expect(article).to_have_attribute("data-delivery", "failed")
    assert article.evaluate("each => each.isTheSame === true")
    assert heard(ann, "a word of the agent's") == []
    assert len(heard(ann, "Not sent.")) == 1, ann.evaluate("window.heard")


def test_a_new_chat_is_told_once(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    resync(ann, "/chats/rows")  # from now on the page knows what is new
    ann.evaluate(LISTEN)
    case = make.chat("one")
    expect(ann.get_by_role("link", name="Maria")).to_be_visible()
    resync(ann, "/chats/rows")
    chats.receive(case.channel, make.incoming("two"))
    expect(ann.get_by_role("link", name="two")).to_be_visible()
    assert heard(ann, "Maria") == ["New chat: Maria."]


def test_a_reply_out_of_sight_is_told_once(people: People, running: RunningDesk) -> None:
    agent, ann = people.agent()
    case = make.chat("one")
    chats.reply(case.id, agent, "an answer")
    ann.goto(f"{running.url}/cases")
    expect(ann.locator("#chat-rows-mine li")).to_have_count(1)
    chats.read(case.id, agent)
    expect(ann.locator("#chat-bell")).to_have_attribute("data-replies", "0")
    ann.evaluate(LISTEN)
    chats.receive(case.channel, make.incoming("two"))
    expect(ann.locator("#chat-bell")).to_have_attribute("data-replies", "1")
    resync(ann, "/chats/rows")
    assert heard(ann, "Maria") == ["New reply: Maria."]


def test_a_visitor_hears_each_message_once(people: People, running: RunningDesk) -> None:
    visitor = people.visitor("Maria", "one")
    log = visitor.get_by_role("log")
    expect(log.get_by_text("Sent", exact=True)).to_have_count(1)
    case = scenes.newest_case_of("Maria")
    visitor.evaluate(LISTEN)
    chats.reply(case.id, make.agent("Ann"), "a word of the agent's")
    expect(log.get_by_text("a word of the agent's")).to_be_visible()
    say(visitor, "a word of the customer's")
    expect(log.get_by_text("Sent", exact=True)).to_have_count(2)
    with visitor.expect_response("**/chat?*"):
        visitor.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    for words in ("a word of the agent's", "a word of the customer's"):
        assert len(heard(visitor, words)) == 1, visitor.evaluate("window.heard")


def test_a_widget_that_opens_by_itself_says_so(people: People, running: RunningDesk) -> None:
    visitor = people.visitor("Maria", "one")
    expect(visitor.get_by_role("log").get_by_text("Sent", exact=True)).to_have_count(1)
    visitor.keyboard.press("Escape")
    expect(visitor.get_by_role("dialog")).to_be_hidden()
    visitor.evaluate(LISTEN)
    chats.reply(scenes.newest_case_of("Maria").id, make.agent("Ann"), "two")
    expect(visitor.get_by_role("dialog")).to_be_visible()
    assert heard(visitor, "New messages") == ["New messages"]


def test_nothing_moves_for_those_who_do_not_want_it(people: People, running: RunningDesk) -> None:
    _, ann = people.agent(reduced_motion="reduce")
    make.chat("one")
    visitor = people.page(reduced_motion="reduce")
    visitor.goto(running.shop)
    visitor.get_by_role("button", name="Open chat").click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    moving = """() => [...document.querySelectorAll("*"), ...(document.querySelector("deskbell-widget")?.shadowRoot
        .querySelectorAll("*") || [])].filter((each) => { const style = getComputedStyle(each);
        return style.animationName !== "none" || style.transitionDuration.split(", ").some((some) => some !== "0s"); })
        .map((each) => each.className)"""
    for page in (ann, visitor):
        assert page.evaluate(moving) == []
