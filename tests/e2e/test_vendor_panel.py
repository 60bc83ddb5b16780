"""What a vendor tells about a customer: where administrators put it, before whose eyes, fresh by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from channels.base import CustomerData, CustomerUpdate
from extensions import db
from models import Agent, Case, Channel, Identity
from services import clock
from services.conversations import chats
from services.exchange import channel_settings
from services.exchange.channel_settings import ChannelSettings, Panel
from services.uow import unit_of_work
from tests import factories as make
from tests.e2e.axe import findings
from tests.e2e.conftest import People, RunningDesk
from tests.e2e.scenes import newest_case_of

PHONE = {"width": 360, "height": 740}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RANDOM_KEY = "XkDsxHtLppJTJ3vZa"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def channel(running: RunningDesk, people: People) -> Iterator[Channel]:
    """The Chatra account, as it was connected and as it is afterwards."""
    found = db.session.scalars(db.select(Channel).where(Channel.kind == "chatra").order_by(Channel.id)).first()
    assert found is not None
    yield found
    channel_settings.change(found.id, ChannelSettings())


def show(channel: Channel, panel: Panel, *agents: Agent) -> None:
    """Have administrators choose where the data stands, and who sees it."""
    db.session.rollback()
    chosen = channel_settings.of(db.session.get_one(Channel, channel.id))
    changed = replace(chosen, panel=panel, agents=frozenset(agent.id for agent in agents))
    channel_settings.change(channel.id, changed)


def chat_of(running: RunningDesk, page: Page, name: str, **known: str) -> Case:
    """A chat that a visitor has begun at Chatra, opened."""
    running.chatra.visitor_says(name.lower(), f"I am {name}", name=name, email=f"{name.lower()}@shop.example", **known)
    page.goto(f"{running.url}/chats")
    page.get_by_role("link", name=re.compile(f"I am {name}")).click()
    expect(page.get_by_role("heading", name=name).first).to_be_visible()
    return newest_case_of(name)


def look_accessible(page: Page) -> None:
    """Nothing that axe knows is wrong with the page, light or dark."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        assert findings(page) == []


def integrations(page: Page) -> Locator:
    return page.get_by_role("button", name="Integrations", exact=True)


def fact(block: Locator, label: str) -> Locator:
    return block.locator(f"dt:text-is('{label}') + dd")


def test_below_the_latest_cases_stands_all_that_chatra_tells(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    boss, page = people.agent("Boss", admin=True, timezone_id="Europe/Berlin")
    case = chat_of(running, page, "Zelda", Plan="Gold", **{RANDOM_KEY: "blue"})
    panel = page.get_by_role("complementary", name="Customer")
    block = panel.get_by_role("region", name="Chatra")
    expect(fact(block, "Browser")).to_have_text("Chrome 126")
    labels = block.locator("dt").all_inner_texts()
    assert labels[:6] == ["Last visit", "IP address", "Chat language", "Browser", "OS version", "Location"]
    expect(fact(block, "Plan")).to_have_text("Gold")
    expect(fact(block, "Custom field 1")).to_have_text("blue")
    expect(block.get_by_text("Property key")).to_be_visible()
    expect(block.get_by_text(re.compile("^As of"))).to_be_visible()
    assert RANDOM_KEY not in page.content()
    visited = fact(block, "Last visit").locator("time")
    there = datetime.fromisoformat(visited.get_attribute("datetime") or "").astimezone(BERLIN)
    expect(visited).to_contain_text(f"{there:%-I:%M:%S %p}".replace(" ", "\u202f"))
    expect(panel.get_by_role("link", name="zelda@shop.example")).to_be_visible()
    expect(integrations(page)).to_have_count(0)
    headings = panel.get_by_role("heading").all_inner_texts()
    assert headings[1:] == ["Latest cases", "Chatra"]
    chats.end(case.id, boss, "open")
    page.goto(f"{running.url}/cases/{case.id}")
    expect(fact(block, "Plan")).to_have_text("Gold")


def test_the_icon_beside_the_customers_shows_the_panel_of_the_integrations(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    show(channel, Panel.SEPARATE)
    _, page = people.agent()
    chat_of(running, page, "Nora", Plan="Gold")
    customers, panel = (page.get_by_role("complementary", name=name) for name in ("Customer", "Integrations"))
    expect(customers).to_be_visible()
    expect(customers.get_by_text("Browser")).to_have_count(0)
    expect(integrations(page)).to_have_attribute("aria-expanded", "false")
    integrations(page).focus()
    page.keyboard.press("Enter")
    expect(integrations(page)).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("button", name="Customer details")).to_have_attribute("aria-expanded", "false")
    expect(customers).to_be_hidden()
    for label, told in (("Customer", "Nora"), ("E-mail", "nora@shop.example"), ("Plan", "Gold")):
        expect(fact(panel, label)).to_have_text(told)
    look_accessible(page)
    page.keyboard.press("Enter")
    expect(panel).to_be_hidden()
    expect(customers).to_be_visible()
    integrations(page).click()
    chat_of(running, page, "Olga")
    expect(panel).to_be_hidden()


def test_on_a_phone_the_panel_lies_over_the_thread_until_it_is_closed(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    show(channel, Panel.SEPARATE)
    _, page = people.agent(viewport=PHONE)
    chat_of(running, page, "Paula", Plan="Gold")
    panel = page.get_by_role("complementary", name="Integrations")
    for leave in ("Escape", "Enter", "Shift+Tab"):
        integrations(page).focus()
        page.keyboard.press("Enter")
        expect(fact(panel, "Plan")).to_be_visible()
        expect(panel.get_by_role("button", name="Close")).to_be_focused()
        box = panel.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        page.keyboard.press(leave)
        expect(panel).to_be_hidden()
        expect(page.get_by_role("complementary", name="Customer")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    integrations(page).click()
    expect(panel).to_be_visible()
    look_accessible(page)


def test_for_those_who_were_not_chosen_there_is_neither_icon_nor_data_whatever_comes(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    ann, page = people.agent()
    show(channel, Panel.SEPARATE, ann)
    _, admins = people.agent("Boss", admin=True)
    heard: list[str] = []
    admins.on("websocket", lambda socket: socket.on("framereceived", lambda said: heard.append(str(said))))
    admins.on("response", lambda answer: heard.append(answer.text()) if "/chats" in answer.url else None)
    case = chat_of(running, page, "Rita", Plan="Precious")
    integrations(page).click()
    panel = page.get_by_role("complementary", name="Integrations")
    expect(fact(panel, "Plan")).to_have_text("Precious")
    admins.goto(f"{running.url}/chats/{case.id}")
    expect(admins.get_by_role("link", name="rita@shop.example")).to_be_visible()
    expect(integrations(admins)).to_have_count(0)
    running.chatra.store.visitor("rita").integration["Plan"] = "Priceless"
    news = CustomerData("rita", details={"Plan": "Priceless"})
    chats.update_customer(case.channel, CustomerUpdate("rita", news, whole=True))
    expect(fact(panel, "Plan")).to_have_text("Priceless")
    running.chatra.visitor_says("rita", "One thing more")
    expect(admins.get_by_role("log").get_by_text("One thing more")).to_be_visible()
    assert heard
    assert not [said for said in heard if "Preci" in said or "Price" in said]


def test_whoever_is_not_to_see_it_any_more_loses_icon_and_panel_on_the_open_page(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    show(channel, Panel.SEPARATE)
    _, page = people.agent()
    other = make.agent("Other")
    chat_of(running, page, "Stella", Plan="Gold")
    integrations(page).click()
    expect(page.get_by_role("complementary", name="Integrations")).to_be_visible()
    page.evaluate("window.stayed = true")
    show(channel, Panel.SEPARATE, other)
    expect(page.get_by_role("complementary", name="Integrations")).to_have_count(0)
    expect(integrations(page)).to_have_count(0)
    expect(page.get_by_role("complementary", name="Customer")).to_be_visible()
    expect(page.get_by_role("button", name="Customer details")).to_have_attribute("aria-expanded", "true")
    assert "Gold" not in page.content()
    assert page.evaluate("window.stayed")


def test_data_that_is_old_is_fetched_when_the_chat_is_opened_and_shown_by_itself(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    _, page = people.agent()
    case = make.chat("I am Sara", channel=db.session.get_one(Channel, channel.id), visitor="sara")
    known = CustomerData("sara", name="Sara", details={"Plan": "Gold"})
    chats.update_customer(case.channel, CustomerUpdate("sara", known, whole=True))
    with unit_of_work() as session:
        identity = session.scalars(db.select(Identity).where(Identity.customer_id == case.customer_id)).one()
        identity.refreshed_at = clock.now() - timedelta(minutes=11)
    running.chatra.store.visitor("sara").basic |= {"name": "Sara", "Tier": "Silver"}
    page.goto(f"{running.url}/chats/{case.id}")
    block = page.get_by_role("region", name="Chatra")
    expect(fact(block, "Tier")).to_have_text("Silver")
    expect(fact(block, "Browser")).to_have_text("Chrome 126")
    expect(fact(block, "Plan")).to_have_count(0)
    as_of = block.get_by_text(re.compile("^As of")).locator("time").get_attribute("datetime")
    assert clock.now() - datetime.fromisoformat(as_of or "") < timedelta(minutes=1)


def test_live_chats_are_a_filter_that_pages_and_addresses_keep(
    people: People, running: RunningDesk, channel: Channel
) -> None:
    agent, page = people.agent()
    for visitor, come_by in (("tina", channel), ("uma", make.website())):
        message = chats.receive(
            db.session.get_one(Channel, come_by.id), make.incoming(f"from {visitor}", visitor=visitor, name=visitor)
        )
        chats.end(message.case_id, agent, "pending")
    page.goto(f"{running.url}/cases")
    rows = page.get_by_role("row")
    expect(rows.filter(has_text="from tina").get_by_text("Chatra", exact=True)).to_be_visible()
    page.get_by_role("link", name="Live chats").click()
    expect(page).to_have_url(re.compile(r"\?channel=live_chat$"))
    expect(rows.filter(has_text="from uma")).to_be_visible()
    filters = page.get_by_role("navigation", name="Filter by channel")
    filters.locator(f'a[href="/cases?channel={channel.id}"]').click()
    page.get_by_role("link", name="Pending").click()
    expect(page).to_have_url(re.compile(rf"\?status=pending&channel={channel.id}$"))
    expect(rows.filter(has_text="from tina")).to_be_visible()
    expect(rows.filter(has_text="from uma")).to_have_count(0)
