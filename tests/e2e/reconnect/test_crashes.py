"""R4, R8, R9: the desk restarts, its web process or Redis is killed; sending leaves the socket alone."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests import factories as make
from tests.e2e.chatting import answer
from tests.e2e.conftest import People, RunningDesk, say, wait_until_healthy
from tests.e2e.reconnect import scene
from tests.e2e.reconnect.seeing import shows_what_the_desk_has, widget_shows_what_the_desk_has
from tests.e2e.reconnect.test_gaps import MARK, is_the_same_page
from tests.network import WeakLink
from tests.processes.running import command, eventually
from tests.realtime.listening import Listener

BACK_WITHIN_MS = 25_000


def child(running: RunningDesk, name: str) -> psutil.Process:
    """A process of the desk by the name of its role."""
    children = psutil.Process(running.process.pid).children()
    return next(process for process in children if command(process) == name)


@pytest.fixture(autouse=True)
def _is_whole_again(running: RunningDesk) -> Iterator[None]:
    yield
    wait_until_healthy(running.url)


def same_agent(people: People, page: Page) -> Page:
    """The agent of a page in a browser of its own."""
    other = people.page()
    other.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    other.goto(f"{people.running.url}/chats")
    return other


def knock(running: RunningDesk, cookie: str) -> Listener:
    """A socket of an agent that the desk knows of."""
    port = int(running.url.rpartition(":")[2])
    listener = Listener.knock(port, "/live", Cookie=cookie, Origin=running.url)
    assert listener.frame() is not None
    return listener


def cookie_of(page: Page) -> str:
    """What tells the desk who this is."""
    return "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())


def both_go_on(ann: Page, visitor: Page) -> None:
    """Each hears what the other says, and shows what the desk has."""
    for text in ("said meanwhile", "answered meanwhile"):
        for page in (ann, visitor):
            expect(page.get_by_role("log").get_by_text(text, exact=True)).to_have_count(1, timeout=BACK_WITHIN_MS)
    say(visitor, "thank you")
    scene.hears(ann, "thank you")
    answer(ann, "you are welcome")
    expect(visitor.get_by_role("log").get_by_text("you are welcome")).to_be_visible(timeout=BACK_WITHIN_MS)
    shows_what_the_desk_has(ann)
    widget_shows_what_the_desk_has(visitor)


@pytest.fixture
def talking(people: People) -> tuple[Page, Page]:
    """An agent and a visitor in the middle of a chat."""
    _, ann = people.agent("Ann")
    visitor = people.page()
    visitor.goto(people.running.shop)
    case = scene.writes_first(visitor, "Maria", "Hello")
    scene.open_chat(ann, case)
    answer(ann, "Good morning")
    expect(visitor.get_by_text("Good morning")).to_be_visible()
    return ann, visitor


@pytest.mark.row("R4")
def test_after_a_restart_fifty_sockets_were_told_and_every_browser_is_back(
    people: People, running: RunningDesk
) -> None:
    _, ann = people.agent("Ann")
    pages = [ann, *(same_agent(people, ann) for _ in range(4))]
    for page in pages:
        page.evaluate(MARK)
    sockets = [knock(running, cookie_of(ann)) for _ in range(45)]
    web = child(running, "web")
    web.terminate()
    assert {socket.close_code() for socket in sockets} == {1012}
    web.wait(30)
    case = make.chat("While you were away", visitor=scene.newcomer())
    for page in pages:
        expect(page.locator(f"#chat-row-{case.id}")).to_be_visible(timeout=BACK_WITHIN_MS)
        expect(page.locator("body")).not_to_have_attribute("data-link", "lost")
        assert is_the_same_page(page)
    shows_what_the_desk_has(ann)
    for socket in sockets:
        socket.raw.close()


@pytest.mark.row("R9")
def test_a_killed_web_process_loses_nothing_and_both_sides_go_on(
    talking: tuple[Page, Page], running: RunningDesk
) -> None:
    ann, visitor = talking
    (worker,) = child(running, "web").children()
    worker.kill()
    say(visitor, "said meanwhile")
    answer(ann, "answered meanwhile")
    both_go_on(ann, visitor)


@pytest.mark.row("R9")
def test_a_killed_redis_loses_nothing_and_both_sides_go_on(talking: tuple[Page, Page], running: RunningDesk) -> None:
    ann, visitor = talking
    child(running, "redis").kill()
    say(visitor, "said meanwhile")
    answer(ann, "answered meanwhile")
    both_go_on(ann, visitor)


@pytest.mark.row("R8")
def test_sending_leaves_the_sockets_alone(talking: tuple[Page, Page], link: WeakLink) -> None:
    ann, visitor = talking
    assert eventually(lambda: link.sockets == 2)
    upgrades = link.upgrades
    for number in range(20):
        answer(ann, f"answer {number}")
    for number in range(4):
        say(visitor, f"question {number}")
    for page, count in ((ann, 24 + 2), (visitor, 24 + 2)):
        expect(page.get_by_role("log").locator(".message")).to_have_count(count, timeout=20_000)
    assert (link.sockets, link.upgrades) == (2, upgrades)
    shows_what_the_desk_has(ann)
