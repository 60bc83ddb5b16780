"""The whole main job by keyboard alone, and where the focus stands after every step of it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from services.conversations import chats
from tests import factories as make
from tests.browsing import PASSWORD
from tests.e2e import scenes
from tests.e2e.conftest import People, RunningDesk

MOST_TABS = 40
PHONE = {"width": 360, "height": 740}
# What has the focus, inside the widget's shadow root too, and whether one can see that.
FOCUSED = """() => {
    let element = document.activeElement;
    while (element.shadowRoot && element.shadowRoot.activeElement) element = element.shadowRoot.activeElement;
    const box = [element, ...element.querySelectorAll("*"), element.closest("label, .dock"), element.parentElement];
    const shows = (each, pseudo) => {
        const style = getComputedStyle(each, pseudo);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none";
    };
    const isRinged = box.some((each) => each && (shows(each) || shows(each, "::after")));
    const labels = [...(element.labels || [])].map((label) => label.textContent).join(" ");
    const own = element.matches("a, button, summary, h2") ? element.textContent : "";
    const name = element.getAttribute("aria-label") || labels || own;
    return { name: name.trim().replace(/\\s+/g, " "), tag: element.localName, isRinged };
}"""


def focused(page: Page) -> dict[str, object]:
    """What has the focus."""
    what: dict[str, object] = page.evaluate(FOCUSED)
    return what


def tab_to(page: Page, name: str, *, key: str = "Tab") -> None:
    """Press Tab until the thing of this name has the focus; everything on the way has to show that it has it."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        now = focused(page)
        assert now["isRinged"] or now["tag"] == "body", f"{now} does not show that it has the focus"
        if re.search(name, str(now["name"])):
            return
    raise AssertionError(f"{name} was not reached")


def expect_focus(page: Page, name: str) -> None:
    """Wait until the thing of this name has the focus."""
    page.wait_for_function(f"name => new RegExp(name).test(({FOCUSED})().name)", arg=name, timeout=10_000)


def section(page: Page, name: str) -> object:
    return page.locator(f'.chat-section[data-section="{name}"]')


def sign_in_by_keyboard(page: Page, running: RunningDesk, email: str) -> None:
    page.goto(f"{running.url}/login")
    tab_to(page, "^E-mail$")
    page.keyboard.type(email)
    tab_to(page, "^Password$")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{running.url}/chats")


def test_the_whole_main_job(people: People, running: RunningDesk, tmp_path: Path) -> None:
    agent = make.agent("Ann")
    visitor, ann = people.page(), people.page()
    visitor.goto(running.shop)
    expect(visitor.get_by_role("button", name="Open chat")).to_have_attribute("aria-expanded", "false")
    tab_to(visitor, "Open chat")
    visitor.keyboard.press("Enter")
    expect_focus(visitor, "^Your name$")
    visitor.keyboard.type("Maria")
    tab_to(visitor, "^Message$")
    visitor.keyboard.type("Where is my order?")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("log").get_by_text("Where is my order?")).to_be_visible()
    expect_focus(visitor, "^Message$")

    sign_in_by_keyboard(ann, running, agent.email)
    expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
    chats.receive(make.website(), make.incoming("Second in line", visitor="second", name="Jonas"))
    expect(section(ann, "new").get_by_role("link")).to_have_count(2)
    tab_to(ann, "Where is my order")
    ann.keyboard.press("Enter")
    log = ann.get_by_role("main").get_by_role("log")
    expect(log.get_by_text("Where is my order?")).to_be_visible()
    ann.keyboard.press("j")
    expect(log.get_by_text("Second in line")).to_be_visible()
    expect_focus(ann, "Second in line")
    ann.keyboard.press("k")
    expect(log.get_by_text("Where is my order?")).to_be_visible()
    expect_focus(ann, "Where is my order")
    ann.keyboard.press("t")
    expect(section(ann, "mine").get_by_text("Maria")).to_be_visible()
    expect_focus(ann, "Where is my order")
    ann.keyboard.press("r")
    ann.keyboard.type("It left this morning.")
    with ann.expect_response("**/reply"):
        ann.keyboard.press("Enter")
    expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
    expect(log.locator(".message:not([data-pending])").get_by_text("It left this morning.")).to_be_visible()

    tab_to(ann, "^Attach files")
    paper = tmp_path / "invoice.txt"
    paper.write_text("plain words")
    with ann.expect_file_chooser() as chooser:
        ann.keyboard.press("Space", delay=60)
    chooser.value.set_files(paper)
    tab_to(ann, "^Send$")
    ann.keyboard.press("Enter")
    expect(visitor.get_by_role("log").get_by_text("invoice.txt")).to_be_visible()
    expect_focus(ann, "^Reply$")

    visitor.keyboard.press("Escape")
    expect(visitor.get_by_role("log")).to_be_hidden()
    expect_focus(visitor, "^Open chat")

    case = scenes.newest_case_of("Maria")
    scenes.nearly_silent(case)
    ann.reload()
    expect(ann.locator(".countdown-text")).to_have_text(re.compile("ends in 1"))
    tab_to(ann, r"^\+5 min")
    ann.keyboard.press("Enter")
    expect(ann.locator(".countdown-text")).to_be_hidden()
    expect_focus(ann, "^Reply$")
    ann.keyboard.press("Escape")
    expect_focus(ann, "^Maria$")

    ann.keyboard.press("e")
    expect_focus(ann, "^Open$")
    ann.keyboard.press("Escape")
    expect_focus(ann, "^Maria$")
    ann.keyboard.press("e")
    tab_to(ann, "^Pending$")
    ann.keyboard.press("Enter")
    expect(section(ann, "mine").get_by_text("Maria")).to_have_count(0)
    expect_focus(ann, "^Maria$")

    ann.keyboard.press("g")
    ann.keyboard.press("a")
    expect(ann).to_have_url(f"{running.url}/cases")
    expect(ann.locator(f"#case-row-{case.id}")).to_be_visible()
    tab_to(ann, "^Skip to the content")
    ann.keyboard.press("Enter")
    tab_to(ann, "^Maria$")
    ann.keyboard.press("Enter")
    expect(ann).to_have_url(f"{running.url}/cases/{case.id}")
    ann.keyboard.press("r")
    ann.keyboard.type("One more thing.")
    ann.keyboard.press("Enter")
    expect(visitor.get_by_role("log").get_by_text("One more thing.")).to_be_visible()
    assert make.fresh(case).active


def test_send_and_next_goes_on_in_the_next_reply_box(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    for visitor in ("one", "two"):
        make.chat(f"I am {visitor}", visitor=visitor)
    expect(section(ann, "new").get_by_role("link")).to_have_count(2)
    ann.keyboard.press("j")
    expect_focus(ann, "I am one")
    ann.keyboard.press("r")
    ann.keyboard.type("Hello one")
    ann.keyboard.press("Control+Enter")
    expect(ann.get_by_role("main").get_by_role("log").get_by_text("I am two")).to_be_visible()
    expect_focus(ann, "^Reply$")
    ann.keyboard.type("Hello two")
    expect(ann.get_by_role("textbox", name="Reply")).to_have_value("Hello two")


def test_a_chat_that_leaves_the_list_hands_the_focus_on(people: People, running: RunningDesk) -> None:
    agent, ann = people.agent()
    first, _ = (make.chat(f"I am {visitor}", visitor=visitor) for visitor in ("one", "two"))
    expect(section(ann, "new").get_by_role("link")).to_have_count(2)
    tab_to(ann, "I am one")
    chats.end(first.id, agent, "closed")
    expect(section(ann, "new").get_by_role("link")).to_have_count(1)
    expect_focus(ann, "I am two")


def test_dialogs_and_menus_keep_the_focus_and_give_it_back(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    tab_to(ann, "Your account")
    ann.keyboard.press("Enter")
    tab_to(ann, "Keyboard shortcuts")
    ann.keyboard.press("Enter")
    help_ = ann.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_be_visible()
    for _ in range(6):
        ann.keyboard.press("Tab")
        assert ann.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#help')")
    ann.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    expect_focus(ann, "Your account")


def test_skip_links_lead_past_the_list(people: People, running: RunningDesk) -> None:
    _, ann = people.agent()
    case = make.chat("I am one", visitor="one")
    ann.goto(f"{running.url}/chats/{case.id}")
    tab_to(ann, "Skip to the conversation")
    ann.keyboard.press("Enter")
    ann.keyboard.press("Tab")
    assert ann.evaluate("!!document.activeElement.closest('#conversation')")


def test_the_customers_sheet_closes_by_escape_and_never_hides_the_focus(people: People, running: RunningDesk) -> None:
    _, ann = people.agent(viewport=PHONE)
    case = make.chat("I am one", visitor="one")
    ann.goto(f"{running.url}/chats/{case.id}")
    sheet = ann.get_by_role("complementary", name="Customer")
    for leave in ("Escape", "Shift+Tab"):
        tab_to(ann, "^Customer details")
        ann.keyboard.press("Enter")
        expect_focus(ann, "^Close$")
        ann.keyboard.press(leave)
        expect(sheet).to_be_hidden()
        ann.get_by_role("heading", name="Maria").first.focus()


def test_on_a_phone_the_widget_keeps_the_focus_and_escape_closes_it(people: People, running: RunningDesk) -> None:
    visitor = people.page(viewport=PHONE)
    visitor.goto(running.shop)
    tab_to(visitor, "Open chat")
    visitor.keyboard.press("Enter")
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_have_attribute("aria-modal", "true")
    for _ in range(10):
        visitor.keyboard.press("Tab")
        assert visitor.evaluate("document.activeElement.localName") == "deskbell-widget"
    visitor.evaluate("document.activeElement.shadowRoot.activeElement.blur()")
    visitor.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    visitor.get_by_role("button", name="Open chat").click()
    visitor.keyboard.press("Escape")
    expect_focus(visitor, "^Open chat")


def test_the_launcher_says_what_it_does_now(people: People, running: RunningDesk) -> None:
    visitor = people.page()
    visitor.goto(running.shop)
    visitor.get_by_role("button", name="Open chat", expanded=False).click()
    expect(visitor.locator("deskbell-widget .launcher")).to_have_attribute("aria-label", "Close chat")
    expect(visitor.locator("deskbell-widget .launcher")).to_have_attribute("aria-expanded", "true")
