"""What a page shows, to be compared with the same page freshly loaded: what the desk has."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import unified_diff
from typing import Any

from playwright.sync_api import Page, expect

from tests.processes.running import eventually

View = dict[str, Any]

# Relative times pass while one looks; everything else counts.
AGENTS_VIEW = """() => {
    const words = (element) => element ? element.textContent.replace(/\\s+/g, " ").trim() : null;
    const all = (selector, read, root = document) => [...root.querySelectorAll(selector)].map(read);
    const without = (element, selector) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll(selector).forEach((part) => part.remove());
        return words(copy);
    };
    const section = (part) => ({
        name: part.dataset.section,
        count: words(part.querySelector("summary .count")),
        rows: all(".chat-row", (row) => ({ ...row.dataset, words: without(row, "time") }), part),
    });
    const message = (one) => ({ id: one.id, ...one.dataset, words: without(one, "form") });
    const talk = document.querySelector("#conversation[data-case]");
    return {
        waiting: (document.title.match(/^\\(\\d+\\) /) || [""])[0],
        bell: document.getElementById("chat-bell").getAttribute("aria-label"),
        sections: all(".chat-section", section),
        cases: all(".cases .case-row", (row) => `${row.id} ${without(row, "time")}`),
        talk: talk && {
            case: talk.dataset.case,
            head: words(talk.querySelector(".chat-head")),
            bar: { ...talk.querySelector(".chat-bar").dataset },
            barred: talk.querySelector(".composer fieldset").disabled,
            messages: all(".thread .message", message, talk),
            customer: words(talk.querySelector(".panel-about")),
            blocks: all(".panel-block", (block) => without(block, "time"), talk),
        },
    };
}"""

VISITORS_VIEW = """(panel) => {
    const words = (element) => element.textContent.replace(/\\s+/g, " ").trim();
    return {
        agent: words(panel.querySelector(".talking")),
        state: words(panel.querySelector(".state")),
        trouble: words(panel.querySelector(".trouble")),
        messages: [...panel.querySelectorAll(".message")].map(words),
    };
}"""


def agents_view(page: Page) -> View:
    """List, counters, conversation and cases on an agent's page."""
    return dict(page.evaluate(AGENTS_VIEW))


def visitors_view(page: Page) -> View:
    """State and messages in a visitor's panel."""
    return dict(page.locator("section.panel").evaluate(VISITORS_VIEW))


def shows_what_the_desk_has(page: Page) -> None:
    """An agent's page shows the same as a second tab that has just opened it."""
    fresh = page.context.new_page()
    fresh.goto(page.url)
    fresh.wait_for_function("document.getElementById('chat-bell').dataset.new")
    _become_alike(lambda: agents_view(page), lambda: agents_view(fresh))
    fresh.close()


def widget_shows_what_the_desk_has(page: Page) -> None:
    """A visitor's panel shows the same as the one of a second tab that has just opened the page."""
    fresh = page.context.new_page()
    fresh.goto(page.url)
    expect(fresh.locator("section.panel .message").first).to_be_attached()
    _become_alike(lambda: visitors_view(page), lambda: visitors_view(fresh))
    fresh.close()


def _become_alike(shown: Callable[[], View], wanted: Callable[[], View]) -> None:
    eventually(lambda: shown() == wanted(), seconds=5)
    lines = [json.dumps(view(), indent=1, ensure_ascii=False).splitlines() for view in (shown, wanted)]
    assert lines[0] == lines[1], "\n".join(unified_diff(*lines, "shown", "what the desk has", lineterm="", n=1))
