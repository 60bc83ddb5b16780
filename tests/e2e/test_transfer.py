"""Several agents and one chat, in real browsers: notes, transfer, who else is here, two who take it at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from models import Access, StatusKind
from services.attendance import statuses
from services.conversations import chats
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests.e2e.axe import findings
from tests.e2e.chatting import answer, log_of, newest_case, section
from tests.e2e.conftest import People, say

Picture = Callable[[Page, str], None]


def open_chat(page: Page, name: str = "Maria") -> None:
    """Open a chat from the list, wherever it stands."""
    page.locator(".chat-row").filter(has_text=name).click()
    expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()


def write_note(page: Page, text: str) -> None:
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_role("textbox", name="Note for colleagues").fill(text)
    page.get_by_role("button", name="Add note").click()


def transfer(page: Page, to: str, note: str = "") -> None:
    page.get_by_role("button", name="Transfer chat").click()
    dialog = page.get_by_role("dialog", name="Transfer chat")
    choice = dialog.get_by_label("To")
    option = choice.locator("option").filter(has_text=to)
    choice.select_option(option.get_attribute("value"))
    dialog.get_by_label("Note for colleagues (optional)").fill(note)
    dialog.get_by_role("button", name="Transfer", exact=True).click()


def toast(page: Page, text: str) -> None:
    expect(page.locator(".toast").filter(has_text=text)).to_be_visible()


class TestNotes:
    def test_colleagues_see_a_note_at_once_and_the_customer_never(self, people: People, picture: Picture) -> None:
        _, ann = people.agent("Ann", reduced_motion="reduce")
        _, bob = people.agent("Bob")
        visitor = people.visitor("Maria", "Where is my order?")
        for page in (ann, bob):
            open_chat(page)
        write_note(ann, "They have written before.")
        for page in (ann, bob):
            note = log_of(page).locator(".message[data-note]")
            expect(note).to_have_count(1)
            expect(note).to_contain_text("They have written before.")
            expect(note.get_by_text("Note", exact=True)).to_be_visible()
        picture(ann, "note")
        assert findings(ann) == []
        ann.get_by_role("button", name="Note", exact=True).click()
        answer(ann, "It left this morning.")
        expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
        visitor.reload()
        expect(visitor.get_by_role("log").get_by_text("It left this morning.")).to_be_visible()
        expect(visitor.get_by_text("written before")).to_have_count(0)

    def test_a_key_begins_one_and_what_was_written_goes_along(self, people: People) -> None:
        _, ann = people.agent()
        people.visitor("Maria")
        open_chat(ann)
        ann.get_by_role("textbox", name="Reply").fill("Half a thought")
        ann.keyboard.press("Escape")
        ann.keyboard.press("n")
        box = ann.get_by_role("textbox", name="Note for colleagues")
        expect(box).to_be_focused()
        expect(box).to_have_value("Half a thought")
        ann.reload()
        expect(box).to_have_value("Half a thought")
        ann.keyboard.press("Escape")
        ann.keyboard.press("r")
        expect(ann.get_by_role("textbox", name="Reply")).to_have_value("Half a thought")

    def test_in_a_colleagues_chat_notes_can_be_written_and_nothing_else(self, people: People) -> None:
        bob = people.agent("Bob")[0]
        _, ann = people.agent("Ann")
        people.visitor("Maria")
        expect(section(ann, "new").get_by_text("Maria")).to_be_visible()
        chats.take(newest_case().id, bob)
        open_chat(ann)
        expect(ann.get_by_role("textbox", name="Reply")).to_be_disabled()
        write_note(ann, "Ask for the number.")
        expect(log_of(ann).locator(".message[data-note]")).to_contain_text("Ask for the number.")

    def test_a_customer_does_not_learn_that_a_note_is_being_written(self, people: People) -> None:
        _, ann = people.agent("Ann")
        _, bob = people.agent("Bob")
        visitor = people.visitor("Maria")
        for page in (ann, bob):
            open_chat(page)
        ann.get_by_role("button", name="Note", exact=True).click()
        ann.get_by_role("textbox", name="Note for colleagues").press_sequentially("they are")
        expect(bob.locator(".here")).to_contain_text("Ann is writing…")
        expect(visitor.get_by_text("Ann is writing…")).to_have_count(0)

    def test_whoever_only_looks_finds_the_reason_and_a_box_for_notes(self, people: People, picture: Picture) -> None:
        agent, ann = people.agent("Ann")
        people.visitor("Maria")
        open_chat(ann)
        case = newest_case()
        chats.end(case.id, agent, "open")
        viewer, vera = people.agent("Vera")
        access_levels.give(viewer.id, Level(Access.VIEW_ONLY))
        vera.goto(f"{people.running.url}/cases/{case.id}")
        expect(vera.get_by_text("lets you read here and write notes, but not answer")).to_be_visible()
        expect(vera.get_by_role("button", name="Note", exact=True)).to_be_hidden()
        vera.get_by_role("textbox", name="Note for colleagues").fill("Read it.")
        vera.keyboard.press("Enter")
        expect(log_of(vera).locator(".message[data-note]")).to_contain_text("Read it.")
        picture(vera, "notes-only")

    def test_the_box_follows_the_status_and_keeps_what_is_being_written(self, people: People) -> None:
        agent, ann = people.agent("Ann")
        people.visitor("Maria")
        open_chat(ann)
        case = newest_case()
        chats.end(case.id, agent, "open")
        ann.goto(f"{people.running.url}/cases/{case.id}")
        ann.get_by_role("textbox", name="Reply").fill("Good morn")
        statuses.choose(agent.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
        expect(ann.get_by_role("textbox", name="Note for colleagues")).to_have_value("Good morn")
        statuses.choose(agent.id, statuses.built_in(StatusKind.ONLINE).id)
        expect(ann.get_by_role("textbox", name="Reply")).to_have_value("Good morn")


class TestTransfer:
    def test_a_colleague_has_the_chat_then_and_the_customer_sees_their_name(
        self, people: People, picture: Picture
    ) -> None:
        _, ann = people.agent("Ann", reduced_motion="reduce")
        _, bob = people.agent("Bob")
        visitor = people.visitor("Maria", "Where is my order?")
        open_chat(ann)
        ann.get_by_role("button", name="Take chat").click()
        expect(visitor.get_by_text("Ann", exact=False).first).to_be_visible()
        ann.get_by_role("button", name="Transfer chat").click()
        expect(ann.get_by_role("dialog").get_by_label("To")).to_be_visible()
        picture(ann, "transfer")
        assert findings(ann) == []
        ann.keyboard.press("Escape")
        transfer(ann, "Bob", note="Please look at order 7731.")
        toast(ann, "The chat is with Bob now.")
        expect(section(bob, "mine").get_by_text("Maria")).to_be_visible()
        expect(section(ann, "others").get_by_text("Maria")).to_be_visible()
        expect(log_of(ann).get_by_text("Ann transferred this chat to Bob.")).to_be_visible()
        open_chat(bob)
        expect(log_of(bob).get_by_text("Please look at order 7731.")).to_be_visible()
        expect(visitor.locator(".talking")).to_contain_text("Bob")
        expect(visitor.get_by_text("7731.")).to_have_count(0)
        picture(bob, "transferred")

    def test_to_a_group_it_waits_for_those_who_are_in_it_and_leaves_those_who_are_not(self, people: People) -> None:
        support, sales = groups.first(), groups.named("Sales")
        helper, ann = people.agent("Ann")
        seller, bob = people.agent("Bob")
        access_levels.give(helper.id, Level(Access.GROUPS, {support.id: []}))
        access_levels.give(seller.id, Level(Access.GROUPS, {sales.id: []}))
        people.visitor("Maria")
        people.expected = ["404"]
        open_chat(ann)
        ann.get_by_role("button", name="Take chat").click()
        transfer(ann, "Sales")
        toast(ann, "The chat is with Sales now.")
        expect(ann.locator(".chat-row")).to_have_count(0)
        expect(ann.locator("#conversation .thread")).to_have_count(0)
        expect(section(bob, "new").get_by_text("Maria")).to_be_visible()

    def test_who_cannot_take_it_is_listed_with_the_reason(self, people: People) -> None:
        _, ann = people.agent("Ann")
        away = people.agent("Bob")[0]
        statuses.choose(away.id, statuses.built_in(StatusKind.OFFLINE).id)
        people.visitor("Maria")
        open_chat(ann)
        ann.get_by_role("button", name="Transfer chat").click()
        option = ann.locator("#transfer-choice option").filter(has_text="Bob")
        expect(option).to_have_text("Bob (not available)")
        expect(option).to_be_disabled()

    def test_what_was_refused_is_said_and_the_note_is_kept(self, people: People) -> None:
        people.expected = ["422"]
        _, ann = people.agent("Ann")
        other = people.agent("Bob")[0]
        people.visitor("Maria")
        open_chat(ann)
        ann.get_by_role("button", name="Transfer chat").click()
        dialog = ann.get_by_role("dialog", name="Transfer chat")
        dialog.get_by_label("To").select_option(f"agent:{other.id}")
        dialog.get_by_label("Note for colleagues (optional)").fill("Look at this")
        access_levels.give(other.id, Level(Access.VIEW_ONLY))
        dialog.get_by_role("button", name="Transfer", exact=True).click()
        toast(ann, "Bob may not see the chats of this group or channel.")
        ann.get_by_role("button", name="Transfer chat").click()
        expect(dialog.get_by_label("Note for colleagues (optional)")).to_have_value("Look at this")


class TestWhoElseIsHere:
    def test_colleagues_see_each_other_come_write_and_go(self, people: People, picture: Picture) -> None:
        _, ann = people.agent("Ann")
        _, bob = people.agent("Bob")
        people.visitor("Maria")
        open_chat(ann)
        expect(ann.locator(".here")).to_be_hidden()
        open_chat(bob)
        expect(ann.locator(".here")).to_contain_text("Bob is viewing")
        expect(bob.locator(".here")).to_contain_text("Ann is viewing")
        bob.get_by_role("textbox", name="Reply").press_sequentially("Good")
        expect(ann.locator(".here")).to_contain_text("Bob is writing…")
        picture(ann, "here")
        bob.goto(f"{people.running.url}/cases")
        expect(ann.locator(".here")).to_be_hidden()

    def test_whoever_goes_on_to_another_chat_is_here_no_more(self, people: People) -> None:
        _, ann = people.agent("Ann")
        _, bob = people.agent("Bob")
        people.visitor("Maria")
        people.visitor("Otto")
        for page in (ann, bob):
            open_chat(page)
        expect(ann.locator(".here")).to_contain_text("Bob is viewing")
        open_chat(bob, "Otto")
        expect(ann.locator(".here")).to_be_hidden()
        expect(bob.locator(".here")).to_be_hidden()

    def test_two_tabs_of_one_agent_are_one_and_never_oneself(self, people: People) -> None:
        agent, ann = people.agent("Ann")
        _, bob = people.agent("Bob")
        people.visitor("Maria")
        second = people.signed_in(agent)
        for page in (ann, second, bob):
            open_chat(page)
        expect(bob.locator(".here-one")).to_have_count(1)
        expect(second.locator(".here")).to_have_text("BBob is viewing")
        second.goto(f"{people.running.url}/cases")
        expect(bob.locator(".here")).to_contain_text("Ann is viewing")


@pytest.mark.row("R27")
def test_of_two_who_take_a_chat_in_the_same_moment_one_has_it_and_the_other_is_told_who(people: People) -> None:
    people.expected = ["409"]
    pages = {agent.name: page for agent, page in (people.agent("Ann"), people.agent("Bob"))}
    people.visitor("Maria")
    held: list[Route] = []
    for page in pages.values():
        open_chat(page)
        page.route("**/take", lambda route: held.append(route))
        with page.expect_request("**/take"):
            page.get_by_role("button", name="Take chat").click()
    for route in held:
        route.continue_()
    expect(page.locator(".chat-bar")).not_to_have_attribute("data-owner", "0")
    owner = newest_case().fixated_to
    assert owner is not None
    winner = pages.pop(owner.name)
    (loser,) = pages.values()
    expect(section(winner, "mine").get_by_text("Maria")).to_be_visible()
    toast(loser, f"{owner.name} has taken this chat.")
    expect(section(loser, "others").get_by_text("Maria")).to_be_visible()
    expect(loser.get_by_role("button", name="Take over")).to_be_visible()


def test_a_click_on_a_row_counts_also_if_the_row_changes_under_the_pressed_mouse(people: People) -> None:
    _, ann = people.agent("Ann")
    visitor = people.visitor("Maria", "Where is my order?")
    row = ann.locator(".chat-row").filter(has_text="Maria")
    row.locator(".row-words").hover()
    ann.mouse.down()
    say(visitor, "Number 7731")
    expect(row.locator(".row-words")).to_contain_text("Number 7731")
    ann.mouse.up()
    expect(log_of(ann).get_by_text("Number 7731")).to_be_visible()
