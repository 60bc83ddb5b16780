"""The simulator's page does what a site with Chatra does (chatra.md §9.10), in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.processes.running import eventually
from tests.vendors.chatra import ChatraSimulator
from tests.vendors.chatra.store import Client

pytestmark = pytest.mark.sqlite("no desk takes part")


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    """Chatra without a desk."""
    with ChatraSimulator() as simulator:
        yield simulator


@pytest.fixture
def page(chromium: Browser, chatra: ChatraSimulator) -> Iterator[Page]:
    """A visitor whom the site knows, with the chat open."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{chatra.home}/__sim/?clientId=user-1&groupId=g1")
        expect(page.get_by_label("Message")).to_be_visible()
        yield page


def visitor(chatra: ChatraSimulator) -> Client:
    """The visitor as Chatra knows them."""
    return chatra.store.clients["user-1"]


def test_a_site_names_its_visitor_and_their_group(page: Page, chatra: ChatraSimulator) -> None:
    assert eventually(lambda: visitor(chatra).group_id == "g1")
    page.evaluate("Chatra('setGroupId', 'g2')")
    assert eventually(lambda: visitor(chatra).group_id == "g2")
    page.evaluate("Chatra('setGroupId', null)")
    assert eventually(lambda: visitor(chatra).group_id == "")


def test_a_site_passes_on_replaces_and_adds_to_what_it_knows(page: Page, chatra: ChatraSimulator) -> None:
    page.evaluate("Chatra('setIntegrationData', {name: 'Maria', Plan: 'Gold'})")
    page.evaluate("Chatra('updateIntegrationData', {Plan: 'Silver'})")
    assert eventually(lambda: visitor(chatra).integration == {"name": "Maria", "Plan": "Silver"})
    page.evaluate("Chatra('setIntegrationData', null)")
    assert eventually(lambda: visitor(chatra).integration == {})


def test_a_visitor_writes_reads_and_fills_in_the_contact_form(page: Page, chatra: ChatraSimulator) -> None:
    page.get_by_label("Message").fill("Hello!")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log")).to_contain_text("Hello!")
    chatra.agent_says("user-1", "Yes?", name="Olga")
    expect(page.get_by_role("log")).to_contain_text("OlgaYes?")
    page.get_by_text("Contact form").click()
    page.get_by_label("Order number").fill("7731")
    page.get_by_label("Order number").blur()
    assert eventually(lambda: visitor(chatra).form == {"orderNumber": "7731"})


def test_the_widget_goes_and_comes_back(page: Page) -> None:
    page.evaluate("Chatra('kill')")
    expect(page.locator("#chatra")).to_have_count(0)
    page.evaluate("Chatra('restart')")
    expect(page.locator("#chatra")).to_have_count(1)
    page.evaluate("Chatra('openChat', true)")
    expect(page.get_by_label("Message")).to_be_visible()


def test_calls_that_it_does_not_know_are_noted(page: Page) -> None:
    page.evaluate("Chatra('pageView')")
    page.evaluate("Chatra('sendAutoMessage', 'a', 1)")
    page.wait_for_function("Chatra.unknown.length === 2")
    assert page.evaluate("Chatra.unknown") == [["pageView"], ["sendAutoMessage", "a", 1]]
