"""The team in the browser: somebody is invited and comes, follows a role, and shows a picture."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from extensions import db
from models import Access, Agent
from services.team import access_levels, roles
from services.team.access_levels import Level
from services.team.roles import Preset
from tests import factories as make
from tests.browsing import PASSWORD
from tests.e2e import scenes
from tests.e2e.conftest import People
from tests.e2e.reconnect import scene


def fresh(agent: Agent) -> Agent:
    db.session.rollback()
    db.session.refresh(agent)
    return agent


def invite(people: People, boss: Page, email: str) -> str:
    """Invite somebody and copy the link."""
    boss.goto(f"{people.running.url}/settings/agents")
    boss.get_by_role("link", name="Invite").click()
    boss.get_by_label("E-mail").fill(email)
    boss.get_by_role("button", name="Invite").click()
    return boss.get_by_label("Link").input_value()


def open_own_profile(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="Profile").click()


def test_an_invited_person_opens_the_link_once_and_answers_customers(people: People) -> None:
    people.expected = ["404"]
    _, boss = people.agent("Boss", admin=True)
    link = invite(people, boss, "nora@desk.example")
    nora = people.page()
    nora.goto(link)
    nora.get_by_label("Your name").fill("Nora")
    nora.get_by_label("Password").fill(PASSWORD)
    nora.get_by_role("button", name="Create account").click()
    expect(nora).to_have_url(f"{people.running.url}/chats")
    case = make.chat("Is anybody there?", visitor=scene.newcomer())
    nora.locator(f"#chat-row-{case.id}").click()
    nora.get_by_role("textbox", name="Reply").fill("I am.")
    nora.get_by_role("button", name="Send", exact=True).click()
    expect(nora.get_by_role("main").get_by_role("log").get_by_text("I am.")).to_be_visible()
    boss.get_by_role("link", name="Done").click()
    expect(boss.get_by_role("link", name="Nora")).to_be_visible()
    late = people.page()
    late.goto(link)
    expect(late.get_by_role("heading", name="This invitation does not work")).to_be_visible()


def test_an_invitation_that_was_taken_back_opens_nothing(people: People) -> None:
    people.expected = ["404"]
    _, boss = people.agent("Boss", admin=True)
    link = invite(people, boss, "eve@desk.example")
    boss.get_by_role("link", name="Done").click()
    boss.get_by_role("button", name="Take back the invitation of eve@desk.example").click()
    expect(boss.get_by_text("The invitation of eve@desk.example was taken back.")).to_be_visible()
    eve = people.page()
    eve.goto(link)
    expect(eve.get_by_role("heading", name="This invitation does not work")).to_be_visible()


def test_a_role_hides_the_settings_that_it_brings(people: People) -> None:
    role = make.role()
    ann = make.agent("Ann")
    _, boss = people.agent("Boss", admin=True)
    boss.goto(f"{people.running.url}/settings/agents/{ann.id}")
    expect(boss.get_by_role("group", name="Access")).to_be_visible()
    boss.get_by_label("Role").select_option(role.name)
    expect(boss.get_by_role("group", name="Access")).to_be_hidden()
    boss.get_by_role("button", name="Save").click()
    expect(boss.get_by_text("Saved.")).to_be_visible()
    assert fresh(ann).role_id == role.id


def test_a_change_of_a_role_reaches_the_open_page_of_who_follows_it(people: People) -> None:
    role = make.role()
    ann, page = people.agent("Ann")
    case = make.chat(visitor=scene.newcomer())
    expect(page.locator(f"#chat-row-{case.id}")).to_be_visible()
    _, boss = people.agent("Boss", admin=True)
    boss.goto(f"{people.running.url}/settings/agents/{ann.id}")
    boss.get_by_label("Role").select_option(role.name)
    boss.get_by_role("button", name="Save").click()
    boss.goto(f"{people.running.url}/settings/roles/{role.id}")
    boss.get_by_label("Limited").check()
    boss.get_by_role("button", name="Save").click()
    expect(page.locator(f"#chat-row-{case.id}")).to_have_count(0)
    assert (fresh(ann).access, access_levels.of(ann)) == (Access.LIMITED, Level(Access.LIMITED))
    roles.change(role.id, Preset(role.name))
    expect(page.locator(f"#chat-row-{case.id}")).to_be_visible()


def test_a_picture_stands_where_the_initials_stood(people: People) -> None:
    _, page = people.agent("Ann")
    open_own_profile(page)
    page.get_by_label("Picture").set_input_files([{"name": "me.png", "mimeType": "image/png", "buffer": scenes.PNG}])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    shown = page.locator(".who .avatar img")
    expect(shown).to_have_attribute("src", re.compile("^/avatars/"))
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 1
    page.get_by_label("Remove the picture").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".avatar img")).to_have_count(0)


def test_what_is_no_picture_is_told_at_its_field(people: People) -> None:
    people.expected = ["422"]
    _, page = people.agent("Ann")
    open_own_profile(page)
    page.get_by_label("Picture").set_input_files([{"name": "me.png", "mimeType": "image/png", "buffer": b"words"}])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a PNG, JPEG or WebP picture.")


def test_the_first_answer_is_signed_on_both_sides(people: People) -> None:
    _, ann = people.agent("Ann")
    open_own_profile(ann)
    ann.get_by_label("Signature in chats").fill("Ann from Lantern & Loom")
    ann.get_by_role("button", name="Save").click()
    ann.goto(f"{people.running.url}/chats")
    visitor = people.visitor("Wilhelmina", "Where is my order?")
    ann.get_by_role("link", name=re.compile("Wilhelmina")).click()
    ann.get_by_role("textbox", name="Reply").fill("On its way.")
    ann.get_by_role("button", name="Send", exact=True).click()
    for page in (ann, visitor):
        expect(page.get_by_role("log").get_by_text("Ann from Lantern & Loom")).to_be_visible()
