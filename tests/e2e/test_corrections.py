"""One's own messages: edited and deleted, seen by the customer without a reload; how far they got at a vendor."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from extensions import db
from models import Delivery, Message, OutboxItem
from services import clock
from services.conversations import chats
from services.uow import unit_of_work
from tests import factories as make
from tests.e2e.axe import findings
from tests.e2e.chatting import answer, log_of
from tests.e2e.conftest import People, RunningDesk
from tests.processes.running import eventually

PHONE = {"width": 360, "height": 740}


def test_words_are_changed_by_keyboard_and_the_customer_sees_them_change(
    people: People, picture: Callable[[Page, str], None]
) -> None:
    _, ann = people.agent(viewport=PHONE, reduced_motion="reduce")
    maria = people.visitor()
    ann.get_by_role("link", name="Maria").click()
    answer(ann, "It left yesterday.")
    expect(maria.get_by_text("It left yesterday.")).to_be_visible()
    article = ann.locator(".message", has_text="It left yesterday.")
    expect(article).to_have_attribute("data-delivery", "sent")

    expect(article.get_by_role("link", name="Edit")).to_be_hidden()
    article.locator("summary").press("Enter")
    picture(ann, "correction-menu")
    assert findings(ann) == []
    article.get_by_role("link", name="Edit").press("Enter")
    box = ann.get_by_role("dialog").get_by_role("textbox", name="Message")
    expect(box).to_be_focused()
    box.fill("")
    ann.get_by_role("button", name="Save").press("Enter")
    expect(ann.get_by_text("Write something first.")).to_be_visible()
    expect(box).to_be_focused()
    picture(ann, "correction-dialog")
    assert findings(ann) == []
    box.fill("It left today.")
    ann.get_by_role("button", name="Save").press("Enter")

    expect(ann.get_by_role("dialog")).to_have_count(0)
    expect(log_of(ann).get_by_text("It left today.")).to_be_visible()
    expect(log_of(ann).get_by_text("edited")).to_be_visible()
    expect(ann.locator(".message", has_text="It left today.").locator("summary")).to_be_focused()
    expect(maria.get_by_text("It left today.")).to_be_visible()
    expect(maria.get_by_text("edited")).to_be_visible()
    picture(maria, "correction-widget")


def test_a_message_is_taken_back_and_is_gone_everywhere(people: People, picture: Callable[[Page, str], None]) -> None:
    _, ann = people.agent()
    _, bob = people.agent("Bob")
    maria = people.visitor()
    for page in (ann, bob):
        page.get_by_role("link", name="Maria").click()
    answer(ann, "It left yesterday.")
    expect(maria.get_by_text("It left yesterday.")).to_be_visible()

    article = ann.locator(".message[id]", has_text="It left yesterday.")
    article.hover()
    article.locator("summary").click()
    article.get_by_role("button", name="Delete").click()
    ann.get_by_role("dialog").get_by_role("button", name="Yes").click()

    for page in (ann, bob):
        expect(log_of(page).get_by_text("Message deleted")).to_be_visible()
        expect(log_of(page).get_by_text("It left yesterday.")).to_have_count(0)
    expect(maria.get_by_text("Message deleted")).to_be_visible()
    picture(ann, "correction-deleted")
    picture(maria, "correction-deleted-widget")


def test_nobody_else_is_offered_it_but_administrators(people: People, running: RunningDesk) -> None:
    agent = make.agent("Ann")
    case = make.chat()
    chats.reply(case.id, agent, "It left yesterday.")
    for name, is_admin, menus in (("Bob", False, 0), ("Olga", True, 1)):
        _, page = people.agent(name, admin=is_admin)
        page.goto(f"{running.url}/chats/{case.id}")
        expect(log_of(page).get_by_text("It left yesterday.")).to_be_visible()
        expect(page.locator(".message-menu").filter(visible=True)).to_have_count(menus)


def test_a_call_that_was_cut_off_waits_and_then_asks(
    people: People, running: RunningDesk, picture: Callable[[Page, str], None]
) -> None:
    chatra = running.chatra
    _, ann = people.agent(viewport=PHONE, reduced_motion="reduce")
    chatra.visitor_says("carla", "Where is my order?", name="Carla")
    # What is asked about her would take the fault.
    assert eventually(lambda: any(request.path.endswith("/carla") for request in chatra.requests))
    ann.get_by_role("link", name="Carla").click()
    chatra.faults.fail(cut="before")
    answer(ann, "It left yesterday.")
    expect(ann.locator(".message-waits")).to_have_text("Waiting for confirmation")
    picture(ann, "delivery-awaited")
    assert findings(ann) == []

    no_echo_comes()
    expect(ann.get_by_text("Not confirmed. Send again?")).to_be_visible(timeout=25_000)
    picture(ann, "delivery-unknown")
    ann.get_by_role("button", name="Send again").click()
    expect(ann.locator(".message", has_text="It left yesterday.")).to_have_attribute("data-delivery", "sent")
    assert [said.text for said in chatra.messages("carla") if said.type == "agent"] == ["It left yesterday."]


def no_echo_comes() -> None:
    """Let two minutes be over."""
    with unit_of_work() as session:
        awaited = db.select(Message.id).where(Message.delivery == Delivery.AWAITED)
        waiting = db.update(OutboxItem).where(OutboxItem.message_id.in_(awaited))
        session.execute(waiting.values(next_at=clock.now()), execution_options={"synchronize_session": False})
