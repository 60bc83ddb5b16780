"""One's own messages: edited and deleted, seen by the customer without a reload; how far they got at a vendor."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from extensions import db
from models import Delivery, Identity, Message, OutboxItem
from services import clock
from services.conversations import chats
from services.conversations.corrections import WITHIN
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


def test_what_cannot_be_saved_stays_in_the_dialog_and_outlives_a_reload(people: People, running: RunningDesk) -> None:
    people.expected = ["422", "500"]
    _, ann = people.agent()
    people.visitor()
    ann.get_by_role("link", name="Maria").click()
    answer(ann, "It left yesterday.")
    article = ann.locator(".message[id][data-delivery='sent']", has_text="It left yesterday.")
    correct(article)
    box = ann.get_by_role("dialog").get_by_role("textbox", name="Message")
    box.fill("It left today, and here is a long answer.")
    ann.route("**/messages/*/edit", lambda route: route.fulfill(status=500, body="Sorry"))
    refused(ann)
    ann.unroute("**/messages/*/edit")
    with unit_of_work() as session:
        session.scalars(db.select(Message).where(Message.text == "It left yesterday.")).one().created_at -= WITHIN
    refused(ann)
    with unit_of_work() as session:
        session.scalars(db.select(Message).where(Message.text == "It left yesterday.")).one().created_at += WITHIN

    ann.reload()
    correct(article)
    expect(box).to_have_value("It left today, and here is a long answer.")
    box.press("Escape")
    correct(article)
    expect(box).to_have_value("It left today, and here is a long answer.")
    box.press("End")
    box.type(' <b id="correction-text">')
    ann.get_by_role("button", name="Save").click()
    expect(ann.get_by_role("dialog")).to_have_count(0)
    expect(log_of(ann).get_by_text("It left today, and here is a long answer.")).to_be_visible()
    correct(ann.locator(".message[id]", has_text="It left today"))
    box.fill("Never mind.")
    ann.get_by_role("link", name="Cancel").click()
    correct(ann.locator(".message[id]", has_text="It left today"))
    expect(box).to_have_value('It left today, and here is a long answer. <b id="correction-text">')


def correct(article: Locator) -> None:
    """Open the dialog for a message's words."""
    article.hover()
    article.locator("summary").click()
    article.get_by_role("link", name="Edit").click()


def refused(page: Page) -> None:
    """Save, and hear that it did not work; the words are still there."""
    page.get_by_role("button", name="Save").click()
    alert = page.locator("#toasts").get_by_role("alert")
    expect(alert).to_be_visible()
    box = page.get_by_role("dialog").get_by_role("textbox", name="Message")
    expect(box).to_have_value("It left today, and here is a long answer.")
    page.evaluate("document.querySelector('#toasts').replaceChildren()")


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
    # What is asked about her would take the fault, and opening the chat asks again until the answer is applied.
    assert eventually(lambda: is_known("carla"))
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


def is_known(visitor: str) -> bool:
    """Whether what Chatra was asked about a visitor has come and is applied."""
    db.session.rollback()
    known = (Identity.external_id == visitor, Identity.refreshed_at.is_not(None))
    return db.session.scalar(db.select(Identity.id).where(*known)) is not None


def no_echo_comes() -> None:
    """Let two minutes be over."""
    with unit_of_work() as session:
        awaited = db.select(Message.id).where(Message.delivery == Delivery.AWAITED)
        waiting = db.update(OutboxItem).where(OutboxItem.message_id.in_(awaited))
        session.execute(waiting.values(next_at=clock.now()), execution_options={"synchronize_session": False})
