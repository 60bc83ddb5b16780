"""R1, R2, R4: how pages catch up: at the right moment, again when it fails, without holes, with growing pauses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Request, Route, WebSocketRoute, expect

from services.conversations import chats
from services.conversations.messages import changed, since
from services.events import SYSTEM
from services.uow import lock_case, unit_of_work
from tests import factories as make
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene
from tests.e2e.reconnect.seeing import shows_what_the_desk_has
from tests.network import WeakLink
from tests.processes.running import eventually
from tests.realtime.listening import BEAT

IMPATIENT = """(() => {
    const timeout = AbortSignal.timeout;
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 50);
})()"""

# No socket ever opens; what is noted: when each was tried, and every pause that was drawn by lot.
NO_SOCKETS = """(() => {
    window.tries = [];
    window.pauses = [];
    const wait = window.setTimeout;
    window.setTimeout = (work, ms, ...rest) => {
        if (!Number.isInteger(ms ?? 0)) window.pauses.push(ms);
        return wait(work, ms, ...rest);
    };
    window.WebSocket = class extends EventTarget {
        static CONNECTING = 0;
        static OPEN = 1;
        static CLOSED = 3;
        readyState = 0;
        constructor() {
            super();
            window.tries.push(Date.now());
            wait(() => this.end(), 0);
        }
        end() {
            this.readyState = 3;
            const event = new CloseEvent("close", { code: 1006 });
            this.onclose?.(event);
            this.dispatchEvent(event);
        }
        close() {}
    };
})()"""


def is_near(pause: float, wanted: float, *, share: float) -> bool:
    """Whether a pause is the wanted one, give or take a share of it and what timers are late."""
    return wanted * (1 - share) - 1 <= pause <= wanted * (1 + share) + 20


@pytest.mark.row("R1")
def test_a_catch_up_that_fails_is_tried_again(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    failures = [500, 503, 429]

    def fail_at_first(route: Route) -> None:
        if failures:
            route.fulfill(status=failures.pop())
        else:
            route.continue_()

    ann.route("**/messages?after=*", fail_at_first)
    link.close()
    desk.goes_on("missed")
    link.restore()
    expect(ann.get_by_role("log").get_by_text("missed")).to_be_visible(timeout=20_000)
    assert failures == []
    shows_what_the_desk_has(ann)


@pytest.mark.row("R1")
def test_a_catch_up_that_is_never_answered_is_given_up_and_tried_again(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    ann.add_init_script(IMPATIENT)
    ann.reload()
    desk = scene.Desk(agent)
    scene.open_chat(ann, desk.open)
    left_hanging: list[Route] = []

    def leave_hanging_at_first(route: Route) -> None:
        if len(left_hanging) < 2:
            left_hanging.append(route)
        else:
            route.continue_()

    ann.route("**/chats/rows", leave_hanging_at_first)
    link.close()
    desk.goes_on("missed")
    link.restore()
    expect(ann.locator(f"#chat-row-{desk.over.id}")).to_have_count(0, timeout=20_000)
    assert len(left_hanging) == 2
    for route in left_hanging:
        route.abort()
    shows_what_the_desk_has(ann)


@pytest.mark.row("R1")
def test_a_page_catches_up_at_the_first_word_of_a_connection_not_before(people: People) -> None:
    """Until then the desk does not know of the socket, and what is said would be neither fetched nor pushed."""
    _, ann = people.agent("Ann")
    ann.goto("about:blank")
    opened: list[WebSocketRoute] = []
    asked: list[Request] = []
    ann.route_web_socket("**/live", lambda socket: opened.append(socket))
    ann.on("request", lambda request: asked.append(request) if request.url.endswith("/chats/rows") else None)
    ann.goto(f"{people.running.url}/chats")
    ann.wait_for_function("!document.body.dataset.link && window.htmx")
    assert eventually(lambda: ann.evaluate("1") and opened)
    assert asked == []
    with ann.expect_request("**/chats/rows"):
        opened[0].send(BEAT)


@pytest.mark.row("R2")
def test_a_change_of_a_message_that_is_not_shown_yet_leaves_no_hole(people: People) -> None:
    agent, ann = people.agent("Ann")
    case = make.chat("Hello", visitor=scene.newcomer())
    scene.says_at_once(case, *(f"line {number}" for number in range(1, 250)))
    scene.open_chat(ann, case)
    expect(ann.locator("#conversation .thread .message")).to_have_count(200)
    with unit_of_work():
        changed(lock_case(case.id), since(case.id, 0)[0], SYSTEM)
    chats.reply(case.id, agent, "the last word")
    scene.hears(ann, "the last word")
    assert scene.thread_texts(ann) == scene.stored_texts(case)[-201:]
    ann.get_by_role("button", name="Show earlier").click()
    expect(ann.locator("#conversation .thread .message")).to_have_count(251)
    assert scene.thread_texts(ann) == scene.stored_texts(case)


@pytest.mark.row("R1")
def test_the_list_of_all_cases_is_right_after_a_gap(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    desk = scene.Desk(agent)
    again = make.chat("I shall be back", visitor=scene.newcomer())
    chats.end(again.id, agent, "pending")
    ann.goto(f"{people.running.url}/cases")
    expect(ann.locator(f"#case-row-{again.id}")).to_be_visible()
    link.close()
    desk.goes_on("missed")
    scene.says(again, "Here I am")
    link.restore()
    expect(ann.locator(f"#case-row-{desk.over.id}")).to_be_visible(timeout=20_000)
    expect(ann.locator(f"#case-row-{again.id}")).to_have_count(0)
    shows_what_the_desk_has(ann)


@pytest.mark.row("R1")
def test_how_far_an_answer_got_is_right_after_a_gap(people: People, link: WeakLink) -> None:
    agent, ann = people.agent("Ann")
    people.running.chatra.visitor_says(None, "Hello from Chatra", name="Jonas")
    row = ann.locator(".chat-row", has_text="Jonas")
    # By its address: what Chatra tells of the visitor replaces the row right after it has come, also under a click.
    ann.goto(f"{people.running.url}/chats/{row.get_attribute('data-case')}")
    scene.hears(ann, "Hello from Chatra")
    link.close()
    chats.reply(int(row.get_attribute("data-case") or 0), agent, "Hello back")
    link.restore()
    expect(ann.locator('#conversation .message[data-delivery="sent"]')).to_have_count(1, timeout=20_000)
    shows_what_the_desk_has(ann)


@pytest.mark.row("R4")
def test_an_agents_page_tries_again_after_growing_pauses_that_differ(people: People) -> None:
    _, ann = people.agent("Ann")
    ann.clock.install()
    ann.add_init_script(NO_SOCKETS)
    ann.reload()
    ann.clock.run_for(120_000)
    tries = ann.evaluate("window.tries")
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert len(gaps) >= 8
    assert all(is_near(gap, min(500 * 2**number, 15_000), share=0.3) for number, gap in enumerate(gaps)), gaps
    assert any(abs(gap - min(500 * 2**number, 15_000)) > 20 for number, gap in enumerate(gaps)), "no jitter"


@pytest.mark.row("R4")
def test_a_widget_tries_again_after_growing_pauses_that_differ(people: People) -> None:
    visitor = people.page()
    visitor.clock.install()
    visitor.add_init_script(NO_SOCKETS)
    visitor.goto(people.running.shop)
    scene.writes_first(visitor, "Maria", "Hello")
    for number in range(1, 7):
        visitor.wait_for_function(
            "number => window.tries.length >= number && window.pauses.length >= number", arg=number
        )
        visitor.clock.fast_forward(20_000)
    pauses = visitor.evaluate("window.pauses")[:6]
    wanted = [min(1000 * 2**number, 10_000) for number in range(6)]
    assert all(is_near(pause, most, share=0.5) for pause, most in zip(pauses, wanted, strict=True)), pauses
    assert len({pause / most for pause, most in zip(pauses, wanted, strict=True)}) > 1, "no jitter"
