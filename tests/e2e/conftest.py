"""A desk as `make run` starts it, a shop's page on another origin, a simulated Chatra, and real browsers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from app import create_app
from blueprints.connecting import connect_chatra, hook_url
from config import Settings
from extensions import db
from models import Agent, Case, WhenAway
from realtime import availability
from services import desk, settings
from services.conversations import chats
from services.exchange import widgets
from services.settings import ChatSettings
from services.uow import unit_of_work
from tests import databases
from tests import factories as make
from tests.browsing import PASSWORD
from tests.vendors.chatra import ChatraSimulator

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"
START_SECONDS = 60
expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


@dataclass
class RunningDesk:
    """The whole desk in processes of its own, and the app in this one on the same data."""

    url: str
    shop: str
    app: Flask
    chatra: ChatraSimulator
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """One desk for all browser tests."""
    port, shop_port = free_port(), free_port()
    data_dir = tmp_path_factory.mktemp("desk")
    with ChatraSimulator() as chatra, databases.empty(data_dir) as database:
        environ = {
            **os.environ,
            **database,
            "DATA_DIR": str(data_dir),
            "PORT": str(port),
            "CHATRA_API_URL": chatra.url,
        }
        url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen([sys.executable, "-m", "flask", "up"], env=environ, cwd=ROOT)
        wait_until_healthy(url)
        app = create_app(Settings.from_environ(environ))
        with app.app_context():
            channel = connect_chatra(
                name="Chatra", public_key=chatra.keys.public, secret_key=chatra.keys.secret, group="Support"
            )
            chatra.send_hooks_to(hook_url(channel, url))
            key = desk.first_widget().key
            while_away(WhenAway.ALWAYS)
        shop = subprocess.Popen([sys.executable, "-m", "demo.site", str(shop_port), url, key], cwd=ROOT)
        yield RunningDesk(url, f"http://127.0.0.1:{shop_port}", app, chatra, process)
        for one, number in ((process, signal.SIGINT), (shop, signal.SIGTERM)):
            one.send_signal(number)
            one.wait(20)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def desk_app(running: RunningDesk) -> Iterator[Flask]:
    """The running desk's data; afterwards no chat is active and no agent is left to listen."""
    with running.app.app_context():
        yield running.app
        _tidy()
        db.session.remove()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without its calls home."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=[*quiet, *as_root]
        )
        yield browser
        browser.close()


@dataclass
class People:
    """Opens a browser of their own for each person; every console error fails the test."""

    running: RunningDesk
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def page(self, **options: object) -> Page:
        """A fresh browser's page."""
        context = self.chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})  # type: ignore[arg-type]
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def agent(self, name: str = "Ann", *, admin: bool = False, **options: object) -> tuple[Agent, Page]:
        """An agent who has signed in and sees the chats."""
        agent = make.agent(name, admin=admin)
        return agent, self.signed_in(agent, **options)

    def signed_in(self, agent: Agent, **options: object) -> Page:
        """A fresh browser in which this agent has signed in."""
        page = self.page(**options)
        page.goto(f"{self.running.url}/login")
        page.get_by_label("E-mail").fill(agent.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{self.running.url}/chats")
        # From here on the test sees what the desk's processes have written.
        db.session.rollback()
        return page

    def visitor(self, name: str = "Maria", text: str = "Where is my order?", **options: object) -> Page:
        """A visitor of the shop who has written through the widget."""
        page = self.page(**options)
        page.goto(self.running.shop)
        write_first(page, name, text)
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.complaints.append(message.text)


@pytest.fixture
def people(
    running: RunningDesk, chromium: Browser, desk_app: Flask, request: pytest.FixtureRequest
) -> Iterator[People]:
    """Everyone who takes part in a test."""
    people = People(running, chromium)
    yield people
    if request.session.testsfailed:
        for number, context in enumerate(people.contexts):
            for page in context.pages:
                page.screenshot(path=ARTIFACTS / "failed" / f"{request.node.name}-{number}.png")
    for context in people.contexts:
        context.close()
    assert people.complaints == []


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keeps a screenshot among the artefacts of the run."""

    def take(page: Page, name: str) -> None:
        page.screenshot(path=ARTIFACTS / f"{name}.png")

    return take


def while_away(offered: WhenAway) -> None:
    """What the widget offers while nobody is there. Most tests are about chats, whoever is there."""
    widget = desk.first_widget()
    widgets.change(widget.id, title="", colour=widget.colour, sites="", when_away=offered)
    availability.tell()


def write_first(page: Page, name: str, text: str) -> None:
    """Open the widget, say who one is and write."""
    page.get_by_role("button", name="Open chat").click()
    page.get_by_label("Your name").fill(name)
    say(page, text)


def say(page: Page, text: str) -> None:
    """Write in the widget."""
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(url: str) -> None:
    """Wait until every part of the desk works."""
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(url):
        assert time.monotonic() < deadline, "the desk did not become healthy"


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _tidy() -> None:
    db.session.rollback()
    settings.change_chats(ChatSettings())
    while_away(WhenAway.ALWAYS)
    someone = make.agent("Tidy")
    for (case_id,) in db.session.execute(db.select(Case.id).where(Case.active)).all():
        chats.end(case_id, someone, "closed")
    with unit_of_work() as session:  # workers of the desk are still writing
        session.execute(db.update(Agent).values(active=False))
