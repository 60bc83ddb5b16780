"""Distribution in real browsers: chats find an agent, visitors see their place, one of two who take at once wins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from extensions import db
from models import Agent, Case, Customer, Distribution, StatusKind
from services.attendance import statuses
from services.conversations import chats
from services.settings import ChatSettings, change_chats
from services.team import groups
from services.team.groups import Giving
from tests.e2e.conftest import People, say
from tests.processes.running import eventually

# The bound of R27 is a second; this machine may have much else to do at the same time.
AT_MOST = timedelta(seconds=3)


@pytest.fixture
def people(people: People) -> Iterator[People]:
    """Everyone, on a desk whose group gives its chats away, one for each agent."""
    _distribute(Distribution.LEAST_BUSY)
    change_chats(ChatSettings(chats_at_once=1))
    yield people
    _distribute(Distribution.NONE)


def _distribute(how: Distribution) -> None:
    db.session.rollback()
    groups.change(groups.first().id, name="Support", from_name="", giving=Giving(how))


def arrives(people: People, name: str) -> tuple[Page, Case]:
    """A visitor who has written, and their chat."""
    page = people.visitor(name, f"{name} needs help")
    assert eventually(lambda: _case_of(name) is not None)
    return page, now(name)


def now(name: str) -> Case:
    """The visitor's chat as it is now."""
    case = _case_of(name)
    assert case is not None
    return case


def _case_of(name: str) -> Case | None:
    db.session.rollback()
    db.session.expire_all()
    wanted = db.select(Case).join(Customer).where(Customer.name == name, Case.active)
    return db.session.scalar(wanted)


def mine(page: Page, case: Case) -> Locator:
    return page.locator(f'.chat-section[data-section="mine"] #chat-row-{case.id}')


def place(visitor: Page) -> Locator:
    return visitor.locator(".talking")


def go_offline(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("group", name="Your status").get_by_role("button", name="Offline").click()


def end(case: Case, agent: Agent) -> None:
    db.session.rollback()
    chats.end(case.id, db.session.get_one(Agent, agent.id), "closed")


@pytest.mark.row("R24")
@pytest.mark.row("R27")
def test_a_chat_is_given_to_the_agent_who_is_online_and_to_the_next_when_they_go(people: People) -> None:
    _, ann = people.agent("Ann")
    _, case = arrives(people, "Maria")
    expect(mine(ann, case)).to_be_visible()
    case = now("Maria")
    assert case.fixated_at is not None
    assert case.fixated_at - case.started_at < AT_MOST
    _, bob = people.agent("Bob")
    go_offline(ann)
    expect(mine(bob, case)).to_be_visible()


@pytest.mark.row("R26")
def test_visitors_see_their_place_and_move_up_and_the_next_free_agent_gets_the_longest_waiting(people: People) -> None:
    agent, ann = people.agent("Ann")
    maria, first = arrives(people, "Maria")
    expect(mine(ann, first)).to_be_visible()
    (oleg, second), (lin, _) = arrives(people, "Oleg"), arrives(people, "Lin")
    expect(place(maria)).to_have_text("You are talking with Ann")
    expect(place(oleg)).to_have_text("You are number 1 in line")
    expect(place(lin)).to_have_text("You are number 2 in line")
    lin.reload()
    expect(place(lin)).to_have_text("You are number 2 in line")
    end(first, agent)
    expect(place(oleg)).to_have_text("You are talking with Ann")
    expect(place(lin)).to_have_text("You are number 1 in line")
    expect(mine(ann, second)).to_be_visible()


@pytest.mark.row("R25")
def test_who_comes_back_is_not_given_to_the_former_agent_who_is_offline(people: People) -> None:
    agent, ann = people.agent("Ann")
    maria, case = arrives(people, "Maria")
    expect(mine(ann, case)).to_be_visible()
    chats.end(case.id, agent, "pending")
    go_offline(ann)
    expect(place(maria)).to_have_text("")
    say(maria, "One more thing")
    expect(place(maria)).to_have_text("You are number 1 in line")
    bob_is, bob = people.agent("Bob")
    expect(mine(bob, case)).to_be_visible()
    assert now("Maria").fixated_to_id == bob_is.id


@pytest.mark.row("R27")
def test_of_two_who_take_one_chat_in_the_same_moment_one_gets_it_and_the_other_is_told_who(people: People) -> None:
    _distribute(Distribution.NONE)
    pages = dict([people.agent("Ann"), people.agent("Bob")])
    people.expected.append("409")
    _, case = arrives(people, "Maria")
    held: list[Route] = []
    for page in pages.values():
        page.route("**/take", lambda route: held.append(route))
        page.locator(f"#chat-row-{case.id}").click()
        with page.expect_request("**/take"):
            page.get_by_role("button", name="Take chat").click()
    while len(held) < len(pages):
        page.evaluate("'what it holds is told while it is asked something'")
    for route in held:
        route.continue_()
    assert eventually(lambda: now("Maria").fixated_to_id is not None)
    winner = now("Maria").fixated_to_id
    for agent, page in pages.items():
        if agent.id == winner:
            expect(mine(page, case)).to_be_visible()
        else:
            name = next(one.name for one in pages if one.id == winner)
            expect(page.get_by_text(f"{name} has taken this chat.")).to_be_visible()


def test_whoever_goes_without_chats_is_passed_over(people: People) -> None:
    agent, _ = people.agent("Ann")
    statuses.choose(agent.id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
    _, bob = people.agent("Bob")
    _, case = arrives(people, "Maria")
    expect(mine(bob, case)).to_be_visible()
