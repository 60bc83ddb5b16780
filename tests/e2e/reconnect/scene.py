"""What goes on at the desk while somebody's link is broken, and how an agent gets into a chat."""

from __future__ import annotations

import itertools
from datetime import timedelta

from playwright.sync_api import Page, expect

from channels.base import Author, CustomerData, CustomerUpdate
from extensions import db
from models import Agent, Case, Message
from services import clock
from services.conversations import chats, messages
from services.events import SYSTEM
from services.uow import lock_case, unit_of_work
from tests import factories as make
from tests.e2e.conftest import write_first

_numbers = itertools.count(1)


def newcomer() -> str:
    """A visitor whom the desk has not met."""
    return f"newcomer {next(_numbers)}"


def hears(page: Page, text: str) -> None:
    """The text stands in the agent's thread, once."""
    expect(page.get_by_role("main").get_by_role("log").get_by_text(text, exact=True)).to_have_count(1)


def open_chat(page: Page, case: Case) -> None:
    """Click a chat in the list."""
    page.locator(f"#chat-row-{case.id} a").click()
    expect(page.locator(f"#messages-{case.id} .message").first).to_be_attached()


def reload_and_join(page: Page) -> None:
    """Reload an agent's page and wait until its socket has said its first word."""
    with page.expect_response("**/chats/rows"):
        page.reload()


def says(case: Case, *texts: str) -> None:
    """The customer of a chat says something, through their own unharmed link."""
    for text in texts:
        chats.receive(case.channel, make.incoming(text, visitor=case.conversation))


def says_at_once(case: Case, *texts: str) -> None:
    """The customer says much in one unit of work."""
    with unit_of_work():
        case = lock_case(case.id)
        for text in texts:
            messages.add(case, messages.NewMessage(Author.CUSTOMER, text, SYSTEM))


def thread_texts(page: Page) -> list[str]:
    """What stands in the agent's thread, in order."""
    return page.locator("#conversation .thread .message-text").all_inner_texts()


def stored_texts(case: Case) -> list[str]:
    """What the desk has, in order."""
    db.session.rollback()
    query = db.select(Message.text).where(Message.case_id == case.id).order_by(Message.position)
    return list(db.session.scalars(query))


def writes_first(page: Page, name: str, text: str) -> Case:
    """A visitor opens the widget and writes; the case that this begins."""
    write_first(page, name, text)
    expect(page.get_by_role("log").get_by_text("Sent")).to_have_count(1)
    return newest_case()


def newest_case() -> Case:
    """The case that was made last, as the desk has it now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc()).limit(1)).one()


def times_out(case: Case) -> None:
    """Let the chat's silence have lasted long enough."""
    with unit_of_work():
        lock_case(case.id).ends_at = clock.now() - timedelta(seconds=1)


class Desk:
    """A desk with chats in every section, and what a busy while does to them."""

    def __init__(self, agent: Agent) -> None:
        self.agent, self.colleague = agent, make.agent("Bob")
        self.open = make.chat("Hello", visitor=newcomer())
        self.taken = make.chat("Take me", visitor=newcomer())
        self.over = make.chat("Nearly done", visitor=newcomer())
        self.waiting = make.chat("Still waiting", visitor=newcomer())
        chats.take(self.open.id, agent)
        chats.take(self.over.id, agent)

    def goes_on(self, *texts: str) -> None:
        """The customer of the open chat says this; elsewhere chats are taken, ended, answered and begun."""
        says(self.open, *texts)
        chats.postpone(self.open.id, self.agent)
        known = CustomerData(self.open.conversation, name="Maria Late", email="late@shop.example")
        chats.update_customer(self.open.channel, CustomerUpdate(self.open.conversation, known))
        chats.reply(self.taken.id, self.colleague, "I have it")
        chats.end(self.over.id, self.colleague, "pending")
        says(self.waiting, "Anybody there?")
        make.chat("Just come", visitor=newcomer())
