"""At 200 % zoom, with large text and on 320 CSS pixels: nothing is cut off, overlaps or scrolls sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from services.conversations import chats
from tests import factories as make
from tests.e2e import scenes
from tests.e2e.conftest import ARTIFACTS, People, RunningDesk

# WCAG 1.4.4 and 1.4.10: a window of 1280 × 800 at 200 %, and at 400 %.
SCREENS = {"zoomed": {"width": 640, "height": 400}, "reflow": {"width": 320, "height": 256}}
screens = pytest.mark.parametrize("screen", SCREENS)
# What a browser does that enlarges text only.
TWICE = """() => {
    const sizes = [...document.querySelectorAll("body, body *")].map((each) => {
        const { fontSize, lineHeight } = getComputedStyle(each);
        return [each, parseFloat(fontSize) * 2, parseFloat(lineHeight) * 2];
    });
    for (const [each, size, line] of sizes) {
        each.style.fontSize = `${size}px`;
        if (line) each.style.lineHeight = `${line}px`;
    }
}"""
# Texts that are wider than their own box, neither shortened on purpose nor to be scrolled.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((each) => {
    const style = getComputedStyle(each);
    if (!each.checkVisibility() || each.closest(".sr, svg, .skip, .rail-title, dialog")) return false;
    if (style.clipPath !== "none" || style.textOverflow === "ellipsis" || style.display === "inline") return false;
    const hasText = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const isShown = style.overflowX === "hidden" || style.overflowX === "visible";
    return hasText && isShown && each.scrollWidth > each.clientWidth + 1;
}).map((each) => `${each.localName}.${each.className}: ${each.textContent.trim().slice(0, 40)}`)"""


def expect_to_fit(page: Page, name: str) -> None:
    """Nothing scrolls sideways and no text is cut off."""
    page.screenshot(path=ARTIFACTS / "zoom" / f"{name}.png")
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{name} is {width[0]} px wide"
    assert page.evaluate(CUT_OFF) == [], name


def expect_usable(page: Page, *controls: Locator) -> None:
    """Each control can be brought into view, lies inside the window and is not covered by anything."""
    window = page.viewport_size
    assert window is not None
    for control in controls:
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box is not None, control
        assert box["x"] >= 0, control
        assert box["x"] + box["width"] <= window["width"] + 0.5, control
        assert box["y"] >= 0, control
        assert box["y"] + min(box["height"], 24) <= window["height"] + 0.5, control
        control.click(trial=True, timeout=5_000)


def buttons(page: Page) -> list[Locator]:
    """What can be pressed on the page itself."""
    shown = page.locator("main :is(.button, .icon-button, .link-button):visible:not(:disabled)")
    return shown.all()


def zoomed(screen: str) -> dict[str, object]:
    return {"viewport": SCREENS[screen], "device_scale_factor": 2, "reduced_motion": "reduce"}


@screens
def test_the_chat(people: People, running: RunningDesk, screen: str) -> None:
    agent, page = people.agent("Alexandra", **zoomed(screen))
    case = scenes.chat_with_everything(agent)
    scenes.nearly_silent(case)
    page.reload()
    expect_to_fit(page, f"list-{screen}")
    page.goto(f"{running.url}/chats/{case.id}")
    expect(page.locator(".countdown-text")).not_to_be_empty()
    expect_to_fit(page, f"chat-{screen}")
    reply = page.get_by_role("textbox", name="Reply")
    acts = [page.get_by_role("button", name=name, exact=True) for name in ("Send", "End chat", "+5 min")]
    expect_usable(page, reply, *acts, page.get_by_role("button", name="Try again").first)
    reply.fill("A long answer.\n" * 8)
    expect_usable(page, reply, acts[0])
    page.get_by_role("button", name="End chat").click()
    dialog = page.get_by_role("dialog", name="End chat")
    expect_usable(page, *(dialog.get_by_role("button", name=name, exact=True) for name in ("Open", "Closed", "Cancel")))
    expect_to_fit(page, f"ending-{screen}")


@screens
def test_every_other_page(people: People, running: RunningDesk, screen: str) -> None:
    agent, page = people.agent("Alexandra", admin=True, **zoomed(screen))
    case, broken = scenes.ended_case(agent), scenes.broken_channel()
    settings = ["chats", "widget", "integrations", "integrations/chatra", f"integrations/{broken.id}"]
    for address in ["/cases", f"/cases/{case.id}", "/profile", *(f"/settings/{name}" for name in settings)]:
        page.goto(running.url + address)
        expect_to_fit(page, f"{address.strip('/').replace('/', '-')}-{screen}")
        expect_usable(page, *buttons(page))


@screens
def test_the_widget(people: People, running: RunningDesk, screen: str) -> None:
    page = people.page(**zoomed(screen))
    page.goto(running.shop)
    page.get_by_role("button", name="Open chat").click()
    name, text = page.get_by_label("Your name"), page.get_by_role("textbox", name="Message")
    send, shut = (page.get_by_role("dialog").get_by_role("button", name=label) for label in ("Send", "Close chat"))
    expect_usable(page, name, text, send, shut)
    page.screenshot(path=ARTIFACTS / "zoom" / f"widget-first-{screen}.png")
    name.fill("Maria")
    text.fill("Where is my order?")
    send.click()
    expect(page.get_by_role("log").get_by_text("Sent", exact=True)).to_have_count(1)
    chats.reply(scenes.newest_case().id, make.agent("Ann"), "It left this morning.")
    answer = page.get_by_role("log").get_by_text("It left this morning.")
    expect(answer).to_be_in_viewport()
    expect_usable(page, text, send, shut)
    page.screenshot(path=ARTIFACTS / "zoom" / f"widget-chat-{screen}.png")


def test_text_alone_at_twice_its_size(people: People, running: RunningDesk) -> None:
    agent, page = people.agent("Alexandra", admin=True, reduced_motion="reduce")
    case = scenes.chat_with_everything(agent)
    for address in (f"/chats/{case.id}", "/cases", "/settings/widget", "/profile"):
        page.goto(running.url + address)
        page.wait_for_load_state("networkidle")  # what the page fetches for itself comes in its own size
        page.evaluate(TWICE)
        expect_to_fit(page, f"large-text{address.replace('/', '-')}")
        expect_usable(page, *buttons(page))
