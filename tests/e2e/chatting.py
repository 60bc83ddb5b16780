"""What people do and see in the chats, in the words of the tests."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from extensions import db
from models import Case


def bell(page: Page, new: int, replies: int) -> None:
    expect(page.get_by_role("button", name=f"Chats: {new} new, {replies} replies", exact=True)).to_be_visible()


def section(page: Page, name: str) -> Locator:
    return page.locator(f'.chat-section[data-section="{name}"]')


def log_of(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("log")


def answer(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Reply").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def end_chat(page: Page, status: str) -> None:
    page.get_by_role("button", name="End chat").click()
    page.get_by_role("dialog").get_by_role("button", name=status, exact=True).click()


def newest_case() -> Case:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(db.select(Case).order_by(Case.id.desc()).limit(1)).one()
