"""How long words take from one person's page to another's, through a whole desk."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

from playwright.sync_api import Page

from bench.browsers import Street, new_mark, pause, seen_at, sent_at, street, write
from bench.desk import connect_chatra, running
from bench.figures import Figure, spread
from bench.webhooks import fragment
from tests.vendors.chatra.store import Store

MESSAGES = 60
CHATS = 30
WARM_UP = 5
VISITORS_BOX, AGENTS_BOX = "Message", "Reply"


def measure(*, messages: int = MESSAGES, chats: int = CHATS, warm_up: int = WARM_UP) -> dict[str, Figure]:
    """Let people write to each other, one message at a time; the first few of each kind do not count."""
    with running() as desk, street(desk) as around:
        agent, visitor = introduced(around)
        figures = {
            "visitor_to_agent_ms": timed(lambda: say(visitor, VISITORS_BOX, agent), messages, warm_up),
            "agent_to_visitor_ms": timed(lambda: say(agent, AGENTS_BOX, visitor), messages, warm_up),
            "chatra_webhook_to_agent_ms": timed(_chatra(around, agent), messages, warm_up),
        }
        around.close()
        listening = around.agent("Bob")
        figures["new_chat_to_list_ms"] = timed(lambda: _begin(around, listening), chats, warm_up)
    return figures


def timed(once: Callable[[], float], times: int, warm_up: int) -> Figure:
    """Do something so many times, after some that do not count; each time tells how many milliseconds it took."""
    for _ in range(warm_up):
        once()
    return spread([once() for _ in range(times)])


def introduced(around: Street, agent_name: str = "Ann", visitor_name: str = "Maria") -> tuple[Page, Page]:
    """An agent and a visitor in one conversation that both have open."""
    agent, visitor = around.agent(agent_name), around.visitor(visitor_name)
    first = new_mark()
    write(visitor, VISITORS_BOX, first)
    seen_at(agent, first, where="listed")
    open_chat(agent, visitor_name)
    agent.get_by_role("button", name="Take chat").click()
    say(agent, AGENTS_BOX, visitor)
    return agent, visitor


def open_chat(agent: Page, name: str) -> None:
    """Click on this customer's chat in the list."""
    agent.locator(".chat-row").filter(has_text=name).click()
    agent.get_by_role("textbox", name=AGENTS_BOX).wait_for()


def say(sender: Page, box: str, reader: Page) -> float:
    """Write a message; returns the milliseconds until the reader's page shows it."""
    mark = new_mark()
    write(sender, box, mark)
    took = seen_at(reader, mark) - sent_at(sender)
    pause()
    return took


def _begin(around: Street, agent: Page) -> float:
    """A new visitor's first message; they leave when it was seen."""
    mark = new_mark()
    visitor = around.visitor("Newcomer")
    write(visitor, VISITORS_BOX, mark)
    took = seen_at(agent, mark, where="listed") - sent_at(visitor)
    around.contexts.remove(visitor.context)
    visitor.context.close()
    return took


def _chatra(around: Street, agent: Page) -> Callable[[], float]:
    """What brings one more message of a visitor with whom the agent talks through Chatra."""
    with around.desk.app.app_context():
        path = connect_chatra()
    visitor = Store().visitor()
    visitor.basic["name"] = "Jonas"
    first = new_mark()
    _post(around.desk.port, path, fragment(visitor, first))
    seen_at(agent, first, where="listed")
    open_chat(agent, "Jonas")

    def once() -> float:
        mark = new_mark()
        body = fragment(visitor, f"And this one? {mark}")
        began = time.time() * 1000
        _post(around.desk.port, path, body)
        took = seen_at(agent, mark) - began
        pause()
        return took

    return once


def _post(port: int, path: str, body: str) -> None:
    """Deliver a webhook over a connection of its own, as a vendor would."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != 200:
        raise RuntimeError(f"the desk answered a webhook with {status}")
