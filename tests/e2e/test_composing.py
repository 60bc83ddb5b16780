"""What people write and attach: refused at once and by name, kept in sight, laid out by its own direction."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from channels.base import CustomerData, CustomerUpdate
from services.conversations import chats
from tests import factories as make
from tests.e2e.chatting import answer, end_chat, log_of, newest_case, section
from tests.e2e.conftest import People, RunningDesk, say

ARABIC = "أين طلبي؟"
HIDDEN_PX = """bubble => {
    const edge = bubble.closest(".thread").getBoundingClientRect().bottom;
    return Math.max(0, bubble.getBoundingClientRect().bottom - edge);
}"""


def file(name: str, size: int) -> FilePayload:
    """A file of that many bytes."""
    return {"name": name, "mimeType": "text/plain", "buffer": b"x" * size}


def attach(page: Page, *files: FilePayload) -> None:
    page.locator("input[type=file]").set_input_files(list(files))


def opened(people: People, text: str = "Hello", **options: object) -> tuple[Page, Page]:
    """An agent in a chat that a visitor has just begun, and the visitor."""
    _, ann = people.agent(**options)
    visitor = people.visitor("Maria", text)
    section(ann, "new").get_by_text("Maria").click()
    expect(log_of(ann).get_by_text(text)).to_be_visible()
    return ann, visitor


def runs(element: Locator, direction: str) -> None:
    """The element is laid out in this direction, ltr or rtl."""
    expect(element).to_have_css("direction", direction)


@pytest.mark.parametrize("width", [360, 1280])
def test_why_a_message_was_not_sent_stays_in_sight(people: People, width: int) -> None:
    people.expected = ["Failed to load resource"]
    ann, _ = opened(people, viewport={"width": width, "height": 740})
    for number in range(12):
        answer(ann, f"line {number}")
        expect(log_of(ann).get_by_text(f"line {number}", exact=True)).to_be_visible()
    ann.route("**/reply", lambda route: route.fulfill(status=422, body="This does not fit."))
    answer(ann, "too much")
    trouble = ann.locator(".message-trouble").filter(visible=True)
    expect(trouble).to_be_visible()
    assert trouble.evaluate(HIDDEN_PX) == 0


def test_of_several_files_the_widget_takes_the_good_ones_and_names_the_others(people: People) -> None:
    visitor = people.visitor()
    expect(visitor.get_by_role("log").get_by_text("Sent")).to_have_count(1)
    attach(visitor, file("list.txt", 5), file("nothing.txt", 0), file("huge.txt", 25 * 1024 * 1024 + 1))
    problem = visitor.locator(".problem")
    expect(problem).to_have_text("nothing.txt is empty.\nhuge.txt is too large: at most 25 MB fit.")
    expect(visitor.locator(".chosen li")).to_have_text(["list.txt"])
    attach(visitor, *(file(f"{number}.txt", 5) for number in range(6)))
    expect(problem).to_have_text("Send at most 5 files at once.")
    expect(visitor.locator(".chosen li")).to_have_text(["list.txt", "0.txt", "1.txt", "2.txt", "3.txt"])


def test_an_agent_hears_at_once_that_a_file_is_empty(people: People) -> None:
    ann, _ = opened(people)
    attach(ann, file("list.txt", 5), file("nothing.txt", 0))
    expect(ann.get_by_text("nothing.txt is empty.")).to_be_visible()
    expect(ann.locator(".composer-files li")).to_have_text(["list.txt"])


def test_both_sides_tell_a_files_size_in_the_same_words(people: People) -> None:
    ann, visitor = opened(people)
    attach(visitor, file("short.txt", 2), file("middle.txt", 1250), file("long.txt", 3_400_000))
    visitor.get_by_role("button", name="Send", exact=True).click()
    for page in (ann, visitor):
        for words in ("short.txt 2 bytes", "middle.txt 1.3 kB", "long.txt 3.4 MB"):
            expect(page.get_by_role("log").get_by_role("link", name=words, exact=True)).to_be_visible()


def test_words_that_run_from_the_right_are_laid_out_so(people: People, running: RunningDesk) -> None:
    ann, visitor = opened(people, ARABIC)
    case = newest_case()
    known = CustomerData(case.conversation, name="ليلى")
    chats.update_customer(case.channel, CustomerUpdate(case.conversation, known))
    answer(ann, "It left this morning.")
    expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
    for log in (log_of(ann), visitor.get_by_role("log")):
        runs(log.get_by_text(ARABIC), "rtl")
        runs(log.get_by_text("It left this morning."), "ltr")
    runs(ann.locator(".row-name").filter(has_text="ليلى"), "rtl")
    say(visitor, ARABIC)
    runs(ann.locator(".row-words").filter(has_text=ARABIC), "rtl")
    end_chat(ann, "Open")
    ann.goto(f"{running.url}/cases")
    row = ann.locator(f"#case-row-{case.id}")
    runs(row.locator(".case-customer"), "rtl")
    runs(row.locator(".case-subject"), "rtl")


def test_a_reload_shows_a_visitor_what_was_said_before_the_case_was_closed(people: People) -> None:
    agent = make.agent("Ann")
    visitor = people.visitor("Maria", "My first question")
    expect(visitor.get_by_role("log").get_by_text("Sent")).to_have_count(1)
    first = newest_case()
    chats.reply(first.id, agent, "My first answer")
    chats.end(first.id, agent, "closed")
    expect(visitor.get_by_text("Write to start a new one.")).to_be_visible()
    say(visitor, "My second question")
    expect(visitor.get_by_role("log").get_by_text("Sent")).to_have_count(2)
    before = [re.sub(r"\s+", " ", text) for text in visitor.locator(".message .text").all_inner_texts()]
    assert before == ["My first question", "My first answer", "My second question"]
    visitor.reload()
    expect(visitor.locator(".message .text")).to_have_text(before)


def test_an_agent_hears_at_once_that_a_text_is_too_long_for_the_channel(people: People, running: RunningDesk) -> None:
    ann, _ = opened(people)
    reply = ann.get_by_role("textbox", name="Reply")
    answer(ann, "x" * 10_001)
    expect(ann.get_by_role("alert").get_by_text("At most 10000 characters fit; this has 10001.")).to_be_visible()
    expect(reply).to_have_value("x" * 10_001)
    expect(reply).to_have_attribute("aria-invalid", "true")
    answer(ann, "x" * 10_000)
    expect(log_of(ann).get_by_text("x" * 10_000)).to_be_visible()
    expect(reply).to_have_value("")
    running.chatra.visitor_says(None, "Hello from Chatra", name="Leo")
    row = section(ann, "new").locator(".chat-row", has_text="Leo")
    # What Chatra tells of the visitor replaces the row right after it has come, also under a click.
    ann.goto(f"{running.url}/chats/{row.get_attribute('data-case')}")
    expect(log_of(ann).get_by_text("Hello from Chatra")).to_be_visible()
    answer(ann, "x" * 20_001)
    expect(ann.get_by_text("At most 20000 characters fit; this has 20001.")).to_be_visible()
