"""A vendor's data on an agent's pages: beside the thread, in what is caught up, never in what everybody is pushed."""

from __future__ import annotations

import pytest
from flask import Flask

from channels.base import UNNAMED, CustomerData, CustomerUpdate
from models import Agent, Case, Channel
from realtime import topics
from services.conversations import chats
from services.exchange import channel_settings
from services.exchange.channel_settings import ChannelSettings, Panel
from tests import factories as make
from tests.blueprints.test_cases import statements
from tests.browsing import Browser
from tests.realtime.test_publish import listening
from tests.redis import RealRedis

SECRET = "Clandestine"


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def case(channel: Channel) -> Case:
    case = make.chat(channel=channel, visitor="maria")
    tell(case, SECRET)
    return make.fresh(case)


def tell(case: Case, plan: str) -> None:
    """Have the vendor tell all it knows about the customer."""
    details = {"Browser": "Firefox 140", "Plan": plan, f"{UNNAMED}XkDsxHtLppJTJ3vZa": "blue"}
    data = CustomerData(case.conversation, email="maria@shop.example", phone="+49 30 1234", details=details)
    chats.update_customer(case.channel, CustomerUpdate(case.conversation, data, whole=True))


def show(channel: Channel, panel: Panel, *agents: Agent) -> None:
    channel_settings.change(channel.id, ChannelSettings(panel, frozenset(agent.id for agent in agents)))


def pages(case: Case) -> list[str]:
    """Everything about a case that a browser may ask for."""
    address = f"/chats/{case.id}"
    return [address, f"{address}/messages?after=0", f"/cases/{case.id}", f"/cases/{case.id}/vendor-data"]


def test_in_the_informational_panel_it_stands_below_the_latest_cases(browser: Browser, case: Case) -> None:
    page = browser.get(f"/chats/{case.id}").text
    places = [page.index(part) for part in ("Latest cases</h3>", "Firefox 140", SECRET, "Custom field 1", "blue")]
    assert places == sorted(places)
    assert 'data-toggle-panel="vendor"' not in page
    assert "XkDsx" not in page


def test_in_the_separate_one_it_has_an_icon_and_a_panel_with_the_customers_name_and_addresses(
    browser: Browser, channel: Channel, case: Case
) -> None:
    show(channel, Panel.SEPARATE)
    page = browser.get(f"/chats/{case.id}").text
    assert page.count(f'data-toggle-panel="vendor" aria-controls="vendor-panel-{case.id}"') == 1
    customers, vendors = page.split('class="panel panel-vendor"')
    assert SECRET not in customers
    for told in ("Maria", "maria@shop.example", "+49 30 1234", "Firefox 140", SECRET):
        assert told in vendors


def test_it_stands_in_the_case_as_in_the_chat(browser: Browser, ann: Agent, case: Case) -> None:
    chats.end(case.id, ann, "open")
    assert SECRET in browser.get(f"/cases/{case.id}").text


def test_that_a_field_needs_a_property_key_is_for_administrators(browser: Browser, admin: Browser, case: Case) -> None:
    assert "Property key" in admin.get(f"/chats/{case.id}").text
    assert "Property key" not in browser.get(f"/chats/{case.id}").text


@pytest.mark.parametrize("panel", list(Panel))
def test_nothing_of_it_reaches_those_who_were_not_chosen(
    browser: Browser, admin: Browser, channel: Channel, case: Case, panel: Panel
) -> None:
    show(channel, panel, make.agent("Bob"))
    for person in (browser, admin):
        for address in pages(case):
            page = person.get(address).text
            for part in (SECRET, "Firefox 140", 'id="vendor-panel', "vendor-news", 'data-toggle-panel="vendor"'):
                assert part not in page, address


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-13-45T99:99:99Z"])
def test_no_time_that_a_visitor_makes_up_keeps_agents_from_the_case(browser: Browser, case: Case, told: str) -> None:
    data = CustomerData(case.conversation, details={"Birth": told, "Last visit": told})
    chats.update_customer(case.channel, CustomerUpdate(case.conversation, data, whole=True))
    chat, caught_up, _, block = pages(make.fresh(case))
    for address in (chat, caught_up, block):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert told in answer.text, address


def test_an_open_page_loses_it_with_the_choice(browser: Browser, channel: Channel, case: Case) -> None:
    show(channel, Panel.INFORMATIONAL, make.agent("Bob"))
    for address in (f"/cases/{case.id}/vendor-data", f"/chats/{case.id}/messages?after=0"):
        page = browser.get(address).text
        for place in (
            f"vendor-data-{channel.id}-{case.customer_id}",
            f"vendor-plug-{case.id}",
            f"vendor-panel-{case.id}",
        ):
            assert f'hx-target="#{place}" hx-swap="delete"' in page


def test_open_pages_are_told_when_others_are_to_see_it(case: Case, channel: Channel, real_redis: RealRedis) -> None:
    bob, ann = make.agent("Bob"), make.agent("Ann")
    with listening(real_redis) as ear:
        show(channel, Panel.INFORMATIONAL, bob)
        told = [frame for frame in ear.everything() if "resync" in frame.payload]
    assert {topics.agent(ann.id), topics.agent(bob.id)} <= {topic for frame in told for topic in frame.topics}
    with listening(real_redis) as ear:
        show(channel, Panel.SEPARATE, bob)
        assert not [frame for frame in ear.everything() if "resync" in frame.payload]


def test_what_is_pushed_has_pages_ask_for_it_and_holds_nothing_of_it(
    browser: Browser, case: Case, real_redis: RealRedis
) -> None:
    with listening(real_redis) as ear:
        tell(case, "Precious")
        pushed = [frame.payload for frame in ear.everything()]
    assert not [payload for payload in pushed for told in ("Precious", SECRET, "Firefox 140") if told in payload]
    (fragment,) = [payload for payload in pushed if "vendor-news" in payload]
    assert f'hx-get="/cases/{case.id}/vendor-data" hx-trigger="load"' in fragment
    assert "data-quiet" in fragment
    assert "Precious" in browser.get(f"/cases/{case.id}/vendor-data", HX_Request="true").text


def test_what_a_page_has_missed_of_it_comes_with_the_rest(browser: Browser, case: Case) -> None:
    tell(case, "Precious")
    caught_up = browser.get(f"/chats/{case.id}/messages?after={case.rev}").text
    assert "Precious" in caught_up
    assert "vendor-data" in caught_up
    assert 'hx-trigger="load"' not in caught_up


def test_a_case_asks_the_database_as_often_for_much_as_for_little(
    browser: Browser, ann: Agent, channel: Channel, case: Case
) -> None:
    with statements() as few:
        browser.get(f"/chats/{case.id}")
    tell(case, "Precious")
    for number in range(5):
        other = make.chat(f"number {number}", channel=channel, visitor="maria")
        chats.reply(other.id, ann, "Good morning")
    chats.end(case.id, ann, "closed")
    again = make.chat("once more", channel=channel, visitor="maria")
    with statements() as many:
        browser.get(f"/chats/{again.id}")
    assert len(many) <= len(few) + 1  # whose chat it is


def test_the_head_says_by_which_connection_it_came(browser: Browser, case: Case) -> None:
    page = browser.get(f"/chats/{case.id}").text
    assert "Live chat · <bdi>Chatra</bdi>" in page
