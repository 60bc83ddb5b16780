"""Accessible: axe-core finds nothing on any page, in any state that matters, nor on the widget, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from extensions import db
from models import Agent, Handling, WhenAway
from services.attendance import custom_statuses
from services.attendance.custom_statuses import Custom
from services.conversations import chats
from services.team import agents, groups, invitations, profiles
from services.team.invitations import Offer
from services.team.profiles import Profile
from tests import factories as make
from tests.e2e import scenes
from tests.e2e.axe import findings
from tests.e2e.conftest import ARTIFACTS, People, RunningDesk, say, while_away, write_first

AGENTS_PAGES = {
    "profile.show": ["/profile"],
    "notifications.show": ["/profile/notifications"],
    "own_security.index": ["/profile/security"],
    "own_security.password": ["/profile/security/password"],
    "own_two_factor.turn_on": ["/profile/security/two-factor"],
    "chats.index": ["/chats"],
    "chats.show": ["/chats/{active}"],
    "chats.correct": ["/messages/{said}/edit"],
    "cases.index": ["/cases", "/cases?status=open", "/cases?channel=live_chat"],
    "cases.show": ["/cases/{ended}", "/cases/999999"],
    "settings.chats": ["/settings/chats"],
    "settings.widget": ["/settings/widget"],
    "integrations.index": ["/settings/integrations", "/settings/integrations?q=nothing"],
    "integrations.add": ["/settings/integrations/new"],
    "chatra.connect": ["/settings/integrations/chatra"],
    "agents.index": ["/settings/agents"],
    "agents.show": ["/settings/agents/{agent}", "/nothing"],
    "agents.disable": ["/settings/agents/{agent}/disable"],
    "agents.delete": ["/settings/agents/{agent}/delete"],
    "invitations.create": ["/settings/invitations/new"],
    "roles.index": ["/settings/roles"],
    "roles.create": ["/settings/roles/new"],
    "roles.show": ["/settings/roles/{role}"],
    "roles.delete": ["/settings/roles/{role}/delete"],
    "groups.index": ["/settings/groups"],
    "groups.show": ["/settings/groups/{group}"],
    "groups.close": ["/settings/groups/{group}/close"],
    "statuses.index": ["/settings/statuses"],
    "statuses.show": ["/settings/statuses/{status}"],
    "status_times.index": ["/settings/statuses/times"],
    "audit.index": ["/settings/audit", "/settings/audit?kind=invitation"],
    "integration.show": ["/settings/integrations/{own}", "/settings/integrations/{broken}"],
    "integration.edit": ["/settings/integrations/{broken}/edit"],
    "integration_log.index": ["/settings/integrations/{broken}/log", "/settings/integrations/{broken}/log?show=out"],
    "integration_log.body": ["/settings/integrations/{broken}/log/in/{delivery}"],
    "integration_states.disconnect": ["/settings/integrations/{broken}/disconnect"],
    "chatra.keys": ["/settings/integrations/{broken}/keys", "/nothing"],
}
# Those of an agent who has a second factor stand in tests/e2e/test_two_factor.py.
SECOND_FACTOR_PAGES = {"own_two_factor.turn_off", "own_two_factor.renew_codes", "second_step.ask"}
STRANGERS_PAGES = {"auth.sign_in", "auth.set_up", "joining.show", "password_links.choose"}
# Redirections, fragments, files, sockets and what machines read.
NOT_PAGES = {
    "static",
    "auth.home",
    "settings.index",
    "chats.rows",
    "chats.catch_up",
    "chats.colleagues",
    "cases.vendor_data",
    "files.show",
    "profile.picture",
    "service_worker",
    "status_times.file",
    "integration.heard",
    "integration_log.line",
    "widget.loader",
    "widget.asset",
    "widget.config",
    "widget.chat",
    "widget.state",
    "live.agent_socket",
    "live.customer_socket",
    "health.healthz",
}
PHONE = {"width": 360, "height": 740}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CALM = {"reduced_motion": "reduce"}  # a colour on its way to another one is no colour to judge


class Sights:
    """Looks at one thing after the other and keeps what axe finds."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def look(self, page: Page, name: str, part: str = "html") -> None:
        """Have axe look at what the page, or a part of it, shows now, in both themes."""
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            self.found += [f"{name}, {theme}: {found}" for found in findings(page, part)]
            page.screenshot(path=ARTIFACTS / "sights" / f"{name}-{theme}.png")


@pytest.fixture
def sights() -> Iterator[Sights]:
    """Everything that a test looks at; in the end nothing may have been found."""
    sights = Sights()
    yield sights
    assert not sights.found, "\n".join(sights.found)


def test_every_page_is_looked_at(running: RunningDesk) -> None:
    known = {rule.endpoint for rule in running.app.url_map.iter_rules() if "GET" in (rule.methods or ())}

    assert known == AGENTS_PAGES.keys() | SECOND_FACTOR_PAGES | STRANGERS_PAGES | NOT_PAGES


def test_strangers_pages(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["404", "422"]
    page = people.page(**CALM)
    page.goto(f"{running.url}/login")
    sights.look(page, "sign-in")
    page.get_by_label("E-mail").fill("nobody@desk.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sights.look(page, "sign-in-refused")
    page.goto(f"{running.url}/nothing")
    sights.look(page, "nothing-here")


def test_an_invited_persons_pages(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["404", "422"]
    page = people.page(**CALM)
    link = invitations.invite(make.agent("Boss", admin=True), Offer("nora@desk.example"))
    page.goto(f"{running.url}/join/{link.token}")
    sights.look(page, "join")
    page.get_by_label("Your name").fill("Nora")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sights.look(page, "join-refused")
    invitations.revoke(link.invitation.id)
    page.reload()
    expect(page.get_by_role("heading", name="This invitation does not work")).to_be_visible()
    sights.look(page, "join-over")


def test_the_first_page_of_all(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["422"]
    db.session.execute(db.update(Agent).values(is_admin=False))
    db.session.commit()
    page = people.page(**CALM)
    page.goto(agents.setup_link(running.url) or "")
    sights.look(page, "set-up")
    for label, said in (("Your name", "Ann"), ("E-mail", "ann@desk.example"), ("Password", "short")):
        page.get_by_label(label).fill(said)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    sights.look(page, "set-up-refused")


def test_the_chats(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["Failed to load resource", "WebSocket"]
    agent, page = people.agent(**CALM)
    sights.look(page, "chats-empty")
    case = scenes.chat_with_everything(agent)
    make.chat("Nobody has taken me", visitor="new")
    chats.take(make.chat("Bob has me", visitor="bob").id, make.agent("Bob"))
    scenes.nearly_silent(case)
    page.goto(f"{running.url}/chats/{case.id}")
    expect(page.locator(".countdown-text")).to_have_text(re.compile("ends in 1"))
    sights.look(page, "chat")
    attach_something(page)
    page.get_by_role("button", name="Your account").click()
    sights.look(page, "chat-menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="End chat").click()
    sights.look(page, "chat-ending")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    sights.look(page, "shortcuts")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=re.compile("Bob has me")).click()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_role("dialog", name="Are you sure?")).to_be_visible()
    sights.look(page, "take-over")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    expect(page.get_by_text("Reconnecting")).to_be_visible(timeout=15_000)
    sights.look(page, "chat-offline")
    page.context.set_offline(False)


def test_every_page_of_an_administrator(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["404"]
    agent, page = people.agent("Boss", admin=True, **CALM)
    ended, active, broken = scenes.ended_case(agent), make.chat(visitor="active"), scenes.broken_channel()
    scenes.ended_case(agent, "pending", "waiting")
    ids = {"ended": ended.id, "active": active.id, "own": ended.channel_id, "broken": broken.id}
    ids |= {"agent": make.agent("Bob").id, "group": groups.named("Sales").id, "role": make.role().id}
    ids["delivery"] = scenes.delivery_set_aside(broken).id
    ids["said"] = chats.reply(active.id, agent, "One moment, please.").id
    ids["status"] = custom_statuses.create(Custom("A long lunch", Handling.VIEW, Handling.NONE)).id
    for address in (each.format(**ids) for some in AGENTS_PAGES.values() for each in some):
        page.goto(running.url + address)
        sights.look(page, re.sub(r"\W+", "-", address.strip("/")))


def test_forms_that_answer(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["422", "403"]
    _, page = people.agent("Boss", admin=True, **CALM)
    page.goto(f"{running.url}/settings/chats")
    page.get_by_label("End a chat after").fill("5")
    page.get_by_label("Warn").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    sights.look(page, "settings-refused")
    page.goto(f"{running.url}/settings/integrations/chatra")
    for label in ("Public key", "Secret key"):
        page.get_by_label(label).fill("wrong")
    page.get_by_role("button", name="Add a pair").click()
    page.get_by_label("Chatra Group ID, pair 1").fill("abc")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    sights.look(page, "connecting-refused")
    page.goto(f"{running.url}/profile")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    sights.look(page, "profile-saved")


def test_what_an_agent_may_not_see(people: People, running: RunningDesk, sights: Sights) -> None:
    people.expected = ["403"]
    _, page = people.agent(**CALM)
    page.goto(f"{running.url}/settings/chats")
    expect(page.get_by_text("You may not do this.")).to_be_visible()
    sights.look(page, "forbidden")


def test_a_narrow_screen(people: People, running: RunningDesk, sights: Sights) -> None:
    agent, page = people.agent("Boss", admin=True, viewport=PHONE, **CALM)
    case = scenes.chat_with_everything(agent)
    scenes.nearly_silent(case)
    sights.look(page, "narrow-list")
    page.goto(f"{running.url}/chats/{case.id}")
    expect(page.locator(".countdown-text")).to_have_text(re.compile("ends in 1"))
    sights.look(page, "narrow-chat")
    page.get_by_role("button", name="Customer details").click()
    expect(page.get_by_role("complementary", name="Customer")).to_be_visible()
    sights.look(page, "narrow-customer")
    page.goto(f"{running.url}/cases")
    page.get_by_role("button", name=re.compile("^Chats:")).click()
    expect(page.locator("#chat-drawer").get_by_role("link", name=re.compile("Maria"))).to_be_visible()
    # It covers some of what was looked at before.
    sights.look(page, "narrow-drawer", "#chat-drawer")
    page.goto(f"{running.url}/settings/widget")
    sights.look(page, "narrow-settings")


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_the_agents_own_theme(people: People, running: RunningDesk, sights: Sights, chosen: str) -> None:
    agent, page = people.agent(**CALM)
    case = scenes.chat_with_everything(agent)
    profiles.change(agent.id, Profile(agent.name, language="en", theme=chosen), languages=("en",))
    for address in (f"/chats/{case.id}", "/cases", "/profile"):
        page.goto(running.url + address)
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == chosen
        sights.look(page, f"own-{chosen}{address.replace('/', '-')}")


@pytest.mark.parametrize("screen", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "narrow"])
def test_the_widget(people: People, running: RunningDesk, sights: Sights, screen: dict[str, int]) -> None:
    people.expected = ["Failed to load resource", "WebSocket"]
    agent = make.agent("Ann")
    page = people.page(viewport=screen, **CALM)
    look = widget_looker(page, sights, str(screen["width"]))
    page.goto(running.shop)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    look("launcher")
    page.get_by_role("button", name="Open chat").click()
    look("first")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look("refused")
    page.keyboard.press("Escape")
    write_first(page, "Maria", "Where is my order? https://shop.example/7731")
    page.locator("deskbell-widget input[type=file]").set_input_files(
        [{"name": "lamp.png", "mimeType": "image/png", "buffer": scenes.PNG}]
    )
    look("file chosen")
    say(page, "and a picture")
    case = scenes.newest_case()
    chats.reply(case.id, agent, "It left this morning.")
    expect(page.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
    look("chat")
    chats.end(case.id, agent, "closed")
    expect(page.get_by_text("This chat has ended")).to_be_visible()
    look("ended")
    page.route("**/chat?*", lambda route: route.abort())
    page.reload()
    open_if_closed(page)
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    look("trouble")


@pytest.mark.parametrize("screen", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "narrow"])
def test_the_widget_while_nobody_is_there(
    people: People, running: RunningDesk, sights: Sights, screen: dict[str, int]
) -> None:
    while_away(WhenAway.FORM)
    page = people.page(viewport=screen, **CALM)
    look = widget_looker(page, sights, str(screen["width"]))
    page.goto(running.shop)
    page.get_by_role("button", name="Open chat").click()
    look("form")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look("form refused")
    for label, said in (("Your name", "Maria"), ("E-mail", "maria@shop.example"), ("Message", "Is the lamp there?")):
        page.get_by_label(label, exact=True).fill(said)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("We have your message")).to_be_visible()
    look("form sent")
    agent = make.agent()
    other = people.visitor("Paul", "Hello", viewport=screen, **CALM)
    scenes.stops_chatting(agent)
    expect(other.get_by_label("Leave your e-mail")).to_be_visible()
    other.get_by_role("button", name="Save").click()
    look = widget_looker(other, sights, str(screen["width"]))
    look("kept")


def widget_looker(page: Page, sights: Sights, suffix: str) -> Callable[[str], None]:
    return lambda name: sights.look(page, f"widget-{name}-{suffix}")


def open_if_closed(page: Page) -> None:
    """After a reload the panel is there again, except on a small screen."""
    launcher = page.locator("deskbell-widget .launcher")
    expect(launcher).to_have_count(1)
    if page.viewport_size == PHONE:
        launcher.click()


def attach_something(page: Page) -> None:
    page.locator("#conversation input[type=file]").set_input_files(
        [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"plain words"}]
    )
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
