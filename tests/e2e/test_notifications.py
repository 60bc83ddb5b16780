"""Who is told of what, with several people at once: by sound, on the desktop, and by the service worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from models import Access, Agent, Case, Distribution
from services.alerts import notifications
from services.alerts.notifications import Wishes
from services.attendance import custom_statuses, statuses
from services.attendance.custom_statuses import Custom
from services.conversations import chats, notes, transfers
from services.settings import ChatSettings, change_chats
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.team.groups import Giving
from tests import factories as make
from tests.e2e.conftest import People, RunningDesk
from tests.e2e.reconnect import scene
from tests.processes.running import eventually

# Counts what is played instead of playing it, and marks a page that knows what was there before.
EAR = """
window.rings = [];
document.addEventListener("deskbell:listed", () => document.documentElement.setAttribute("data-listed", ""));
window.Audio = class {
    constructor(source) { this.source = source; this.volume = 1; }
    play() { window.rings.push(this.volume); return Promise.resolve(); }
};
"""
# A push service that answers at once and calls nobody.
PUSH_SERVICE = """
(() => {
    let current = null;
    const keys = { p256dh: "BA", auth: "AA" };
    const made = () => ({
        toJSON: () => ({ endpoint: "https://push.example/this-browser", keys }),
        unsubscribe: async () => { current = null; return true; },
    });
    PushManager.prototype.subscribe = async (options) => {
        window.subscribedWith = new Uint8Array(options.applicationServerKey).length;
        return (current = made());
    };
    PushManager.prototype.getSubscription = async () => current;
})();
"""
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const all = registration ? await registration.getNotifications() : [];
    return all.map(({ title, body, tag }) => [title, body, tag]);
}"""


@dataclass
class Desk:
    """Someone's browser with an ear for rings."""

    agent: Agent
    page: Page

    @property
    def rings(self) -> int:
        return int(self.page.evaluate("window.rings.length"))

    @property
    def shown(self) -> list[list[str]]:
        """What stands on their desktop: title, words, tag."""
        found: list[list[str]] = self.page.evaluate(SHOWN)
        return found

    def hears_nothing(self, rings: int = 0, *, within_ms: int = 300) -> bool:
        """Whether it stays at so many rings after everything has been told that is to be told."""
        self.page.evaluate("(ms) => new Promise((done) => setTimeout(done, ms))", within_ms)
        return self.rings == rings

    def lets_the_last_ring_fade(self) -> None:
        """Wait until what comes next is no longer taken for the same piece of news."""
        told = "navigator.locks.query().then(({ held }) => held.some(({ name }) => name.startsWith('deskbell-told')))"
        assert eventually(lambda: not self.page.evaluate(told))


Sit = Callable[..., Desk]


@pytest.fixture
def sit(people: People, running: RunningDesk) -> Sit:
    """Signs an agent in; from then on their browser is listened to."""

    def sit(name: str = "Ann", *, level: Level | None = None, wishes: Wishes | None = None, at: str = "/chats") -> Desk:
        agent = make.agent(name)
        if level is not None:
            access_levels.give(agent.id, level)
        notifications.change(agent.id, wishes or Wishes(reminds=False))
        page = people.signed_in(agent, permissions=["notifications"])
        page.context.add_init_script(EAR)
        go(page, running.url + at)
        return Desk(agent, page)

    return sit


def go(page: Page, address: str) -> None:
    """Open an address and wait until the page knows what was there before."""
    page.goto(address)
    expect(page.locator("html[data-listed]")).to_be_attached()


def new_chat(text: str = "Hello") -> Case:
    return make.chat(text, visitor=scene.newcomer())


def test_a_new_chat_rings_for_everyone_who_may_take_it_and_for_nobody_else(sit: Sit) -> None:
    ann, bob = sit("Ann"), sit("Bob", level=Level(Access.GROUPS, {groups.first().id: []}))
    others = [
        sit("Elsewhere", level=Level(Access.GROUPS, {groups.named("Sales").id: []})),
        sit("Unplugged", level=Level(Access.FULL, without=["live_chat"])),
        sit("Limited", level=Level(Access.LIMITED)),
    ]
    case = new_chat("Where is my order?")
    shown = [["New chat", "Maria: Where is my order?", f"chat-{case.id}"]]
    assert eventually(lambda: (ann.rings, bob.rings) == (1, 1))
    assert eventually(lambda: ann.shown == bob.shown == shown), (ann.shown, bob.shown)
    for desk in others:
        assert desk.hears_nothing(), desk.agent.name
        assert desk.shown == []


@pytest.fixture
def one_each(people: People) -> Iterator[None]:
    """The desk gives chats away, one for each agent."""
    giving = partial(groups.change, groups.first().id, name="Support", from_name="")
    giving(giving=Giving(Distribution.LEAST_BUSY))
    change_chats(ChatSettings(chats_at_once=1))
    yield
    giving(giving=Giving(Distribution.NONE))
    change_chats(ChatSettings())


@pytest.mark.usefixtures("one_each")
def test_a_chat_that_the_desk_gives_away_rings_for_whom_it_is_given_to_and_one_that_waits_for_all(sit: Sit) -> None:
    ann, bob = sit("Ann"), sit("Bob")
    new_chat()
    assert eventually(lambda: ann.rings + bob.rings == 1)
    assert ann.hears_nothing(ann.rings, within_ms=3000)
    assert bob.rings == 1 - ann.rings
    new_chat()
    assert eventually(lambda: (ann.rings, bob.rings) == (1, 1))
    new_chat()
    assert eventually(lambda: (ann.rings, bob.rings) == (2, 2))


def test_a_reply_rings_for_the_owner_only(sit: Sit) -> None:
    ann, bob = sit("Ann"), sit("Bob")
    case = new_chat()
    assert eventually(lambda: ann.rings == bob.rings == 1)
    chats.reply(case.id, ann.agent, "One moment")
    expect(ann.page.locator(f"#chat-rows-mine #chat-row-{case.id}")).to_be_visible()
    expect(bob.page.locator(f"#chat-rows-others #chat-row-{case.id}")).to_be_visible()
    assert eventually(lambda: ann.shown == bob.shown == [])  # it was taken
    ann.lets_the_last_ring_fade()
    chats.receive(case.channel, make.incoming("Still there?", visitor=case.conversation))
    assert eventually(lambda: ann.rings == 2)
    assert eventually(lambda: [title for title, *_ in ann.shown] == ["New reply"])
    assert bob.hears_nothing(rings=1)
    assert bob.shown == []


def test_who_only_looks_on_at_chats_hears_nothing_of_new_ones(sit: Sit) -> None:
    ann = sit()
    looking_on = custom_statuses.create(Custom(f"Looking on {scene.newcomer()}", cases="handle", chats="view"))
    statuses.choose(ann.agent.id, looking_on.id)
    expect(ann.page.locator("#own-status")).to_have_attribute("data-chats", "view")
    case = new_chat()
    expect(ann.page.locator(f"#chat-row-{case.id}")).to_be_visible()
    assert ann.hears_nothing()
    assert ann.shown == []


def test_of_two_tabs_one_rings(sit: Sit, running: RunningDesk) -> None:
    ann = sit()
    second = ann.page.context.new_page()
    go(second, f"{running.url}/cases")
    new_chat()
    tabs = (ann.page, second)
    assert eventually(lambda: sum(tab.evaluate("window.rings.length") for tab in tabs) == 1)
    assert ann.hears_nothing(rings=ann.rings)
    assert sum(tab.evaluate("window.rings.length") for tab in tabs) == 1
    assert len(ann.shown) == 1


def test_a_chat_before_somebodys_eyes_is_silent_in_all_their_tabs(sit: Sit, running: RunningDesk) -> None:
    ann = sit()
    case = new_chat()
    chats.reply(case.id, ann.agent, "One moment")
    go(ann.page, f"{running.url}/chats/{case.id}")
    second = ann.page.context.new_page()
    go(second, f"{running.url}/cases")
    chats.receive(case.channel, make.incoming("Still there?", visitor=case.conversation))
    expect(ann.page.get_by_role("log").get_by_text("Still there?")).to_be_visible()
    expect(second.locator("#chat-bell")).to_have_attribute("data-replies", "0")
    assert ann.hears_nothing()
    assert second.evaluate("window.rings.length") == 0


def test_what_is_switched_off_stays_off_from_that_moment_in_all_tabs(sit: Sit, running: RunningDesk) -> None:
    ann = sit()
    second = ann.page.context.new_page()
    go(second, f"{running.url}/profile/notifications")
    group = second.get_by_role("group", name="New chats")
    group.get_by_label("Sound").uncheck()
    group.get_by_label("Desktop").uncheck()
    with ann.page.expect_response("**/chats/rows"):
        second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Saved.")).to_be_visible()
    second.close()
    case = new_chat()
    expect(ann.page.locator(f"#chat-row-{case.id}")).to_be_visible()
    assert ann.hears_nothing()
    assert ann.shown == []


def test_the_sound_is_repeated_while_a_chat_waits_and_no_longer(sit: Sit) -> None:
    ann = sit(wishes=Wishes(reminder_seconds=10, volume=50))
    case = new_chat()
    assert eventually(lambda: ann.rings == 1)
    assert eventually(lambda: ann.rings == 2, seconds=15)
    assert ann.page.evaluate("window.rings") == [0.5, 0.5]
    chats.take(case.id, make.agent("Bob"))
    expect(ann.page.locator(f"#chat-rows-others #chat-row-{case.id}")).to_be_visible()
    ann.page.wait_for_timeout(11_000)
    assert ann.rings == 2


def test_a_note_that_calls_somebody_rings_for_them_only(sit: Sit) -> None:
    ann, bob = sit("Ann"), sit("Bob")
    case = new_chat()
    assert eventually(lambda: ann.rings == bob.rings == 1)
    chats.take(case.id, make.agent("Owner"))
    ann.lets_the_last_ring_fade()
    notes.add(case.id, bob.agent, "@Ann please look at this")
    assert eventually(lambda: ann.rings == 2)
    assert eventually(lambda: ["A note calls you", "Maria: @Ann please look at this", f"chat-{case.id}"] in ann.shown)
    assert bob.hears_nothing(rings=1)


def test_a_chat_that_a_colleague_hands_over_rings_for_whom_it_is_given_to(sit: Sit) -> None:
    ann, bob, cara = sit("Ann"), sit("Bob"), sit("Cara")
    case = new_chat()
    assert eventually(lambda: ann.rings == cara.rings == 1)
    chats.take(case.id, bob.agent)
    ann.lets_the_last_ring_fade()
    transfers.to_agent(case.id, bob.agent, ann.agent.id)
    assert eventually(lambda: ann.rings == 2)
    assert eventually(lambda: [title for title, *_ in ann.shown] == ["A chat was given to you"])
    assert cara.hears_nothing(rings=1)


def test_the_title_and_the_icon_of_the_tab_count_what_waits(sit: Sit, running: RunningDesk) -> None:
    ann = sit(at="/cases")
    icon = ann.page.locator('link[rel="icon"]')
    calm = icon.get_attribute("href")
    new_chat()
    case = new_chat()
    expect(ann.page).to_have_title("(2) All cases – Deskbell")
    expect(icon).not_to_have_attribute("href", calm or "")
    chats.reply(case.id, ann.agent, "One moment")
    expect(ann.page).to_have_title("(1) All cases – Deskbell")
    chats.receive(case.channel, make.incoming("a", visitor=case.conversation))
    expect(ann.page).to_have_title("(2) All cases – Deskbell")


def test_the_service_worker_shows_what_is_pushed_and_a_click_leads_to_the_chat(sit: Sit, running: RunningDesk) -> None:
    ann = sit()
    case = new_chat()
    chats.take(case.id, make.agent("Owner"))
    scope = f"{running.url}/"
    ann.page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
    tell = worker_of(ann.page, scope)
    note = {"title": "New chat", "body": "Maria: Hello", "tag": "chat-7", "url": f"/chats/{case.id}"}
    tell(note)
    tell({**note, "body": "Maria: Hello again"})
    assert eventually(lambda: ["New chat", "Maria: Hello again", "chat-7"] in ann.shown)
    assert len([tag for *_, tag in ann.shown if tag == "chat-7"]) == 1
    (worker,) = ann.page.context.service_workers
    worker.evaluate(
        """async () => {
            const [notification] = await self.registration.getNotifications({ tag: "chat-7" });
            self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    expect(ann.page).to_have_url(f"{running.url}/chats/{case.id}")
    assert eventually(lambda: "chat-7" not in [tag for *_, tag in ann.shown])


def test_a_browser_is_switched_on_tried_out_and_switched_off(sit: Sit, running: RunningDesk) -> None:
    ann = sit()
    sent: list[str] = []
    page = ann.page
    page.context.add_init_script(PUSH_SERVICE)
    page.route(
        "**/profile/notifications/browser*",
        lambda route: (sent.append(route.request.post_data or ""), route.fulfill(status=204)),
    )
    page.route("**/profile/notifications/browser/off", lambda route: (sent.append("off"), route.fulfill(status=204)))
    page.route("**/profile/notifications/test", lambda route: (sent.append("test"), route.fulfill(status=204)))
    go(page, f"{running.url}/profile/notifications")
    part = page.get_by_role("region", name="This browser")
    expect(part.get_by_text("Without one, this browser is not told anything yet.")).to_be_visible()
    part.get_by_role("button", name="Switch on in this browser").click()
    expect(part.get_by_text("also while no page of Deskbell is open")).to_be_visible()
    assert "https://push.example/this-browser" in sent[0]
    assert page.evaluate("window.subscribedWith") == 65
    part.get_by_role("button", name="Test").click()
    expect(part.get_by_text("A notification is on its way")).to_be_visible()
    assert (ann.rings, sent[-1]) == (1, "test")
    worker_of(page, f"{running.url}/")({"title": "Test", "tag": "test", "url": "/", "test": True})
    expect(part.get_by_text("It came.")).to_be_visible()
    assert {tag for *_, tag in ann.shown} == {"test-page", "test"}
    part.get_by_role("button", name="Switch off while no page is open").click()
    expect(part.get_by_text("Without one, this browser is not told anything yet.")).to_be_visible()
    assert sent[-1] == "off"


def test_a_browser_that_blocks_notifications_says_so(people: People, running: RunningDesk) -> None:
    page = people.signed_in(make.agent("Ann"))
    page.context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' });")
    page.goto(f"{running.url}/profile/notifications")
    part = page.get_by_role("region", name="This browser")
    expect(part.get_by_text("This browser blocks notifications of this page.")).to_be_visible()
    expect(part.get_by_role("button", name="Switch on in this browser")).to_be_hidden()


def test_a_page_that_is_not_secure_says_so(people: People, running: RunningDesk) -> None:
    page = people.signed_in(make.agent("Ann"))
    page.context.add_init_script("Object.defineProperty(window, 'isSecureContext', { get: () => false });")
    page.goto(f"{running.url}/profile/notifications")
    expect(page.get_by_text("This page is not opened over https.")).to_be_visible()


def worker_of(page: Page, scope: str) -> Callable[[dict[str, object]], None]:
    """Delivers pushes to the page's service worker, as the browser does that has received one."""
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"] if one["scopeURL"] == scope),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then((registration) => Boolean(registration.active))")
    assert eventually(lambda: page.evaluate("1") and bool(found))
    origin = scope.rstrip("/")

    def deliver(note: dict[str, object]) -> None:
        message = {"origin": origin, "registrationId": found[-1], "data": json.dumps(note)}
        session.send("ServiceWorker.deliverPushMessage", message)

    return deliver
