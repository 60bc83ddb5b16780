"""Settings → Integrations in the browser: connecting Chatra, waiting for its first word, off and on, a new address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from blueprints.connecting import adapter_of, hook_url
from channels.base import Delivery
from extensions import db
from models import Channel
from services.exchange import channel_settings, channels, intake
from services.team import groups
from tests import factories as make
from tests.e2e import scenes
from tests.e2e.chatting import answer, log_of
from tests.e2e.conftest import People, RunningDesk
from tests.e2e.reconnect import scene
from tests.vendors.chatra import ChatraSimulator

GALLERY = "/settings/integrations"


@pytest.fixture
def chatra(running: RunningDesk, people: People) -> Iterator[ChatraSimulator]:
    """Chatra, whose webhooks go afterwards where they went before; what a test has connected is disconnected."""
    before, kept = dict(running.chatra.webhooks), {channel.id for channel in channels.everything()}
    yield running.chatra
    running.chatra.webhooks.update(before)
    for channel in channels.everything():
        if channel.id not in kept:
            make.disconnected(channel, "closed")


@pytest.fixture
def boss(people: People) -> Page:
    people.expected = ["422"]
    return people.agent("Boss", admin=True)[1]


def connect(boss: Page, chatra: ChatraSimulator, desk: str, name: str) -> Channel:
    """Connect Chatra once more, under a name of its own."""
    boss.goto(desk + GALLERY)
    boss.get_by_role("link", name="Add integration").click()
    boss.get_by_role("link", name="Connect Chatra").click()
    fill_in(boss, chatra, name)
    boss.get_by_role("button", name="Connect").click()
    expect(boss.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return newest()


def fill_in(boss: Page, chatra: ChatraSimulator, name: str) -> None:
    boss.get_by_label("Public key").fill(chatra.another_account().public)
    boss.get_by_label("Secret key").fill(chatra.keys.secret)
    boss.get_by_role("textbox", name="Name", exact=True).fill(name)
    boss.get_by_role("combobox", name="Default group").select_option("Support")


def newest() -> Channel:
    db.session.rollback()
    return db.session.scalars(db.select(Channel).order_by(Channel.id.desc()).limit(1)).one()


def rows(boss: Page) -> list[str]:
    """The ids of the pairs that stand in the form."""
    fields = boss.get_by_role("textbox", name="Chatra Group ID").all()
    return [field.input_value() for field in fields]


def test_an_account_is_connected_and_the_page_waits_for_its_first_word(
    boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    sales = groups.named("Sales")
    boss.goto(running.url + GALLERY)
    boss.get_by_role("searchbox", name="Search by name").fill("chap")
    expect(boss.get_by_role("heading", name="Chatra", exact=True)).to_have_count(0)
    expect(boss.get_by_text("Comes with a later version")).to_be_visible()
    boss.get_by_role("link", name="Add integration").click()
    boss.get_by_role("link", name="Connect Chatra").click()
    fill_in(boss, chatra, "Shop")
    boss.get_by_label("Secret key").fill("wrong")
    boss.get_by_role("button", name="Connect").click()
    expect(boss.get_by_role("alert")).to_contain_text("Copy both keys once more from Chatra")
    boss.get_by_label("Secret key").fill(chatra.keys.secret)
    for id in ("first", "second", "BKjdxwGNFhDE4DJ2x"):
        boss.get_by_role("button", name="Add a pair").click()
        boss.keyboard.type(id)
        boss.get_by_role("combobox", name="Group, pair").last.select_option("Sales")
    for _ in range(2):
        boss.get_by_role("button", name="Remove pair 1").click()
    assert rows(boss) == ["BKjdxwGNFhDE4DJ2x"]
    expect(boss.get_by_role("textbox", name="Chatra Group ID, pair 1")).to_be_focused()
    boss.get_by_label("Separate one, for integrations").check()
    boss.get_by_role("button", name="Connect").click()
    expect(boss.get_by_text("Waiting for the first webhook.")).to_be_visible()
    channel = newest()
    assert channel_settings.of(channel).routes == {"BKjdxwGNFhDE4DJ2x": sales.id}
    address = boss.get_by_label("Webhook address", exact=True).input_value()
    assert address == hook_url(channel, running.url)
    boss.evaluate("window.stayed = true")
    chatra.send_hooks_to(address)
    chatra.visitor_says(scene.newcomer(), "Is anybody there?")
    expect(boss.get_by_text("We have heard from Chatra.")).to_be_visible()
    expect(boss.locator("#last-heard")).to_have_text("now")
    expect(boss.get_by_role("region", name="Log")).to_contain_text("chatStarted")
    assert boss.evaluate("window.stayed")


def test_while_there_is_no_connection_the_page_waits_in_silence(
    people: People, boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    people.expected = ["Failed to load resource", "Failed to fetch", "WebSocket"]
    channel = connect(boss, chatra, running.url, "Far shop")
    boss.context.set_offline(True)
    for _ in range(2):
        boss.wait_for_event("requestfailed", lambda request: request.url.endswith("/heard"))
    expect(boss.locator("#toasts").get_by_role("alert")).to_have_count(0)
    boss.context.set_offline(False)
    chatra.send_hooks_to(hook_url(channel, running.url))
    chatra.visitor_says(None, "Hello")
    expect(boss.get_by_text("We have heard from Chatra.")).to_be_visible()


def test_once_it_is_disconnected_elsewhere_the_page_waits_no_more_and_says_nothing_of_errors(
    people: People, boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    people.expected = ["500"]
    channel = connect(boss, chatra, running.url, "Brief shop")
    toast = '<hx-partial hx-target="#toasts" hx-swap="beforeend"><p role="alert">Sorry</p></hx-partial>'
    boss.route("**/heard", lambda route: route.fulfill(status=500, content_type="text/html", body=toast))
    for _ in range(2):
        boss.wait_for_event("response", lambda response: response.url.endswith("/heard"))
    expect(boss.locator("#toasts").get_by_role("alert")).to_have_count(0)
    boss.unroute("**/heard")
    make.disconnected(channel)
    expect(boss.locator(".heard")).to_have_text("Disconnected")
    expect(boss.locator("#toasts").get_by_role("alert")).to_have_count(0)


def test_the_address_and_the_snippet_are_copied(boss: Page, running: RunningDesk, chatra: ChatraSimulator) -> None:
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    channel = connect(boss, chatra, running.url, "Blog")
    copies = boss.get_by_role("button", name="Copy")
    copies.first.click()
    expect(boss.get_by_role("button", name="Copied")).to_be_visible()
    assert boss.evaluate("navigator.clipboard.readText()") == hook_url(channel, running.url)
    snippet = boss.get_by_label("Snippet of Chatra's widget").input_value()
    assert f'window.ChatraID = "{channel.credentials["public_key"]}";' in snippet


def test_while_it_is_off_everything_waits_and_then_goes_on_in_order(
    people: People, boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    channel = connect(boss, chatra, running.url, "Calm shop")
    chatra.send_hooks_to(hook_url(channel, running.url))
    visitor = chatra.visitor_says(None, "one", name="Vera").client_id
    ann = people.agent("Ann")[1]
    ann.get_by_role("link", name="Vera").first.click()
    boss.get_by_role("button", name="Switch off").click()
    expect(boss.get_by_text("This integration is off.")).to_be_visible()
    for text in ("two", "three"):
        chatra.visitor_says(visitor, text)
    answer(ann, "I am here.")
    expect(log_of(ann).locator(".message[id]", has_text="I am here.")).to_be_visible()
    chatra.deliver_all()
    boss.reload()
    expect(boss.get_by_text("2 deliveries wait, 1 answer waits.")).to_be_visible()
    assert texts(chatra, visitor) == ["one", "two", "three"]
    boss.get_by_role("button", name="Switch on").click()
    expect(log_of(ann).get_by_text("three", exact=True)).to_be_visible()
    expect(log_of(ann).get_by_text("two", exact=True)).to_be_visible()
    expect(log_of(ann).locator(".message[data-delivery='sent']").last).to_contain_text("I am here.")
    assert texts(chatra, visitor)[-1] == "I am here."


def test_a_new_address_is_asked_for_in_a_dialog(boss: Page, running: RunningDesk, chatra: ChatraSimulator) -> None:
    connect(boss, chatra, running.url, "New address")
    before = boss.get_by_label("Webhook address", exact=True).input_value()
    boss.get_by_role("button", name="New webhook address").click()
    dialog = boss.get_by_role("dialog", name="New webhook address?")
    boss.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    boss.get_by_role("button", name="New webhook address").click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    boss.get_by_role("button", name="New webhook address").click()
    dialog.get_by_role("button", name="Make a new address").click()
    expect(boss.get_by_text("The old webhook address does not work any more.")).to_be_visible()
    assert boss.get_by_label("Webhook address", exact=True).input_value() != before


def test_on_a_phone_the_present_tab_is_in_sight(boss: Page, running: RunningDesk) -> None:
    boss.set_viewport_size({"width": 360, "height": 740})
    boss.goto(running.url + GALLERY)
    expect(boss.get_by_role("navigation", name="Settings").get_by_role("link", name="Integrations")).to_be_in_viewport()


def test_what_is_replayed_says_in_its_line_what_came_of_it(
    boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    channel = connect(boss, chatra, running.url, "Odd shop")
    odd = Delivery(raw=b'{"eventName": "agentJoined"}', body={"eventName": "agentJoined"}, nonce=intake.new_nonce())
    intake.accept(channel, adapter_of(channel), odd)
    boss.goto(f"{running.url}{GALLERY}/{channel.id}/log?show=attention")
    line = boss.get_by_role("listitem").filter(has_text="agentJoined")
    expect(line).to_contain_text("Set aside")
    line.get_by_role("button", name="Replay").click()
    expect(boss.get_by_text("It is tried again.")).to_be_visible()
    expect(line).to_contain_text("Chatra sends no event called 'agentJoined'.")
    expect(line.get_by_role("button", name="Replay")).to_be_visible()


def test_a_disconnected_integration_leaves_cases_that_can_be_read_and_not_answered(
    people: People, boss: Page, running: RunningDesk, chatra: ChatraSimulator
) -> None:
    channel = connect(boss, chatra, running.url, "Old shop")
    chatra.send_hooks_to(hook_url(channel, running.url))
    chatra.visitor_says(None, "Where is my order?", name="Olaf")
    ann = people.agent("Ann")[1]
    ann.get_by_role("link", name="Olaf").first.click()
    boss.get_by_role("link", name="Disconnect").click()
    expect(boss.get_by_text("1 chat is active.")).to_be_visible()
    boss.get_by_role("button", name="Disconnect").click()
    expect(boss.get_by_text("Old shop is disconnected.")).to_be_visible()
    ann.goto(f"{running.url}/cases/{scenes.newest_case_of('Olaf').id}")
    expect(log_of(ann).get_by_text("Where is my order?")).to_be_visible()
    expect(ann.get_by_text("nothing can be sent through it")).to_be_visible()
    expect(ann.get_by_role("button", name="Send", exact=True)).to_have_count(0)


def test_refused_keys_are_told_on_every_page_until_it_works_again(boss: Page, running: RunningDesk) -> None:
    for channel in channels.in_trouble():
        channels.mark_working(channel.id)
    channel = make.chatra()
    boss.goto(f"{running.url}/chats")
    expect(boss.get_by_role("link", name="Settings", exact=True)).to_be_visible()
    channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
    expect(boss.get_by_role("link", name="Settings: 1 integration needs attention")).to_be_visible()
    boss.reload()
    boss.get_by_role("link", name="Settings: 1 integration needs attention").click()
    expect(boss).to_have_url(running.url + GALLERY)
    boss.goto(f"{running.url}/settings/chats")
    notice = boss.get_by_text("Chatra needs attention:")
    notice.get_by_role("link").click()
    expect(boss.get_by_role("link", name="Replace the keys").first).to_be_visible()
    channels.mark_working(channel.id)
    boss.goto(f"{running.url}/settings/chats")
    expect(boss.get_by_role("link", name="Settings", exact=True)).to_be_visible()
    expect(notice).to_have_count(0)
    make.disconnected(channel, "closed")


def test_without_scripts_the_spare_rows_do(people: People, running: RunningDesk, chatra: ChatraSimulator) -> None:
    boss = people.signed_in(make.agent("Boss", admin=True), java_script_enabled=False)
    sales = groups.named("Sales")
    boss.goto(f"{running.url}{GALLERY}/chatra")
    fill_in(boss, chatra, "Plain")
    boss.get_by_role("textbox", name="Chatra Group ID").nth(1).fill("abc")
    boss.get_by_role("combobox", name="Group, pair 2").select_option("Sales")
    boss.get_by_role("button", name="Connect").click()
    expect(boss.get_by_role("heading", name="Plain", exact=True)).to_be_visible()
    assert channel_settings.of(newest()).routes == {"abc": sales.id}


def texts(chatra: ChatraSimulator, visitor: str) -> list[str]:
    return [message.text for message in chatra.messages(visitor) if message.type != "system"]
