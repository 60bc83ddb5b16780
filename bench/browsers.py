"""Real pages in Chromium: an agent at the desk, visitors on a shop's page, each in a browser of their own."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.desk import ROOT, Desk, eventually, free_port, is_open, make_agent, stop
from services import desk as furniture
from tests.browsing import PASSWORD

STOPWATCH = Path(__file__).with_name("stopwatch.js")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")
# A person's pauses: between the last key and Enter, and before the next message.
THINKING_SECONDS = (0.05, 0.15)

_numbers = itertools.count(1)


@dataclass
class Street:
    """The desk, a shop that has its widget, and a Chromium for everyone."""

    desk: Desk
    shop: str
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(self) -> Page:
        """A fresh browser's page."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 800})
        self.contexts.append(context)
        context.add_init_script(path=STOPWATCH)
        return context.new_page()

    def agent(self, name: str = "Ann") -> Page:
        """An agent who has signed in and sees the chats."""
        with self.desk.app.app_context():
            email = make_agent(name).email
        page = self.page()
        page.goto(f"{self.desk.url}/login")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.desk.url}/chats")
        watch(page)
        return page

    def visitor(self, name: str) -> Page:
        """A visitor of the shop who has opened the widget and said who they are."""
        page = self.page()
        page.goto(self.shop)
        page.get_by_role("button", name="Open chat").click()
        page.get_by_label("Your name").fill(name)
        watch(page)
        return page

    def close(self) -> None:
        """Everyone leaves."""
        while self.contexts:
            self.contexts.pop().close()


@contextmanager
def street(desk: Desk) -> Iterator[Street]:
    """A shop and a Chromium around a running desk."""
    with desk.app.app_context():
        key = furniture.first_widget().key
    port = free_port()
    shop = subprocess.Popen([sys.executable, "-m", "demo.site", str(port), desk.url, key], cwd=ROOT)
    try:
        eventually(lambda: is_open(port), 10)
        with sync_playwright() as playwright:
            as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            chromium = playwright.chromium.launch(executable_path=path, args=[*QUIET, *as_root])
            yield Street(desk, f"http://127.0.0.1:{port}", chromium)
            chromium.close()
    finally:
        stop(shop)


def watch(page: Page) -> None:
    """Note from now on when words appear."""
    page.evaluate("() => window.stopwatch.watch()")


def new_mark() -> str:
    """A word that stands in one message only."""
    return f"mark-{next(_numbers)}-end"


def write(page: Page, field_name: str, mark: str) -> None:
    """Write a message and send it with Enter, as a person would: after a moment."""
    box = page.get_by_role("textbox", name=field_name)
    box.fill(f"Is this still there? {mark}")
    pause()
    box.press("Enter")


def sent_at(page: Page) -> float:
    """When Enter was pressed last, in milliseconds."""
    return float(page.evaluate("() => window.stopwatch.sentAt"))


def seen_at(page: Page, mark: str, *, where: str = "said") -> float:
    """When a mark stood in the page, `said` in a conversation or `listed` among the chats; waits until it does."""
    return float(page.evaluate("where => window.stopwatch.seenAt(where)", [where, mark]))


def pause() -> None:
    """A moment of a random length, so that nothing falls into step with the desk's timers."""
    time.sleep(random.uniform(*THINKING_SECONDS))
