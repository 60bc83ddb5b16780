"""R20: whatever the link does, an agent's tabs agree on the status that was chosen last, and it stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from extensions import db
from models import Agent, StatusKind
from services.attendance import statuses
from tests.e2e.conftest import People
from tests.e2e.test_statuses import choose, kind_of, let_the_grace_be_over, shows
from tests.network import WeakLink
from tests.processes.running import eventually


def two_tabs(people: People) -> tuple[int, list[Page]]:
    """An agent with the chats in one tab and the cases in another, both joined."""
    agent, first = people.agent()
    second = first.context.new_page()
    second.goto(f"{people.running.url}/cases")
    for page in (first, second):
        shows(page, "Online")
        page.evaluate("window.isTheSamePage = true")
    return agent.id, [first, second]


def loses(link: WeakLink) -> None:
    """The link is gone, and both tabs have found out."""
    refused = link.refused
    link.close()
    assert eventually(lambda: link.refused > refused + 2)


@pytest.mark.row("R20")
def test_what_was_chosen_elsewhere_during_a_gap_is_shown_by_both_tabs_after_it(people: People, link: WeakLink) -> None:
    agent_id, tabs = two_tabs(people)
    loses(link)
    statuses.choose(agent_id, statuses.built_in(StatusKind.WITHOUT_CHATS).id)
    link.restore()
    for page in tabs:
        shows(page, "Without chats")
        assert page.evaluate("window.isTheSamePage")


@pytest.mark.row("R20")
@pytest.mark.parametrize("name", ["Without chats", "Offline"])
def test_away_in_one_tab_is_away_in_both_through_a_lapse_and_after(people: People, link: WeakLink, name: str) -> None:
    agent_id, tabs = two_tabs(people)
    with tabs[0].expect_request_finished(lambda request: request.url.endswith("/status")):
        choose(tabs[0], name)
    for page in tabs:
        shows(page, name)
    loses(link)
    agent = db.session.get_one(Agent, agent_id)
    let_the_grace_be_over(agent)
    assert eventually(lambda: kind_of(agent) == StatusKind.OFFLINE, 30)
    link.restore()
    assert eventually(lambda: link.sockets == len(tabs))
    assert eventually(lambda: kind_of(agent) == name.lower().replace(" ", "_"))
    for page in tabs:
        shows(page, name)
        expect(page.get_by_role("dialog", name="You are offline")).to_have_count(1 if name == "Offline" else 0)
