"""Settings → Agents and Groups: administrators change who works here, and nobody else does."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from extensions import db
from models import Access, Agent, Group
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests import factories as make
from tests.browsing import Browser

PAGES = ["/settings/agents", "/settings/groups"]


@pytest.fixture
def ann(admin: Browser) -> Agent:
    return make.agent("Ann")


def fresh(agent: Agent) -> Agent:
    db.session.rollback()
    db.session.refresh(agent)
    return agent


def errors(page: str) -> list[str]:
    """What the fields of a form complain of."""
    return re.findall(r'role="alert">([^<]+)<', page)


def details(agent: Agent, **changes: object) -> dict[str, object]:
    """The form of an agent as the page sends it."""
    return {"name": agent.name, "email": agent.email, "access": "full", "icons": [":live_chat"], **changes}


@pytest.mark.parametrize("page", PAGES)
def test_administrators_alone_see_the_team(client: FlaskClient, page: str) -> None:
    assert Browser(client).sign_in(make.agent()).get(page).status_code == 403


def test_the_list_names_everybody_with_access_and_status(admin: Browser, ann: Agent) -> None:
    page = admin.get("/settings/agents").text
    assert all(word in page for word in ("Ann", ann.email, "Full access", "Online"))


def test_an_agent_is_renamed_and_limited(admin: Browser, ann: Agent) -> None:
    address = f"/settings/agents/{ann.id}"
    assert admin.submit(address, **details(ann, name="Anna", access="limited", icons=[])).status_code == 303
    assert (fresh(ann).name, ann.access) == ("Anna", Access.LIMITED)


def test_groups_are_chosen_with_the_channels_of_each(admin: Browser, ann: Agent) -> None:
    sales, support = groups.named("Sales"), groups.first()
    chosen = details(ann, access="groups", groups=[sales.id, support.id], icons=[f"{support.id}:live_chat"])
    admin.submit(f"/settings/agents/{ann.id}", **chosen)
    assert access_levels.of(fresh(ann)) == Level(Access.GROUPS, {support.id: [], sales.id: ["live_chat"]})
    page = admin.get(f"/settings/agents/{ann.id}").text
    assert f'value="{support.id}:live_chat" checked' in page
    assert f'value="{sales.id}:live_chat" checked' not in page


def test_what_cannot_be_taken_is_told_at_its_field(admin: Browser, ann: Agent) -> None:
    address = f"/settings/agents/{ann.id}"
    for changes, told in (
        ({"name": ""}, "Enter a name."),
        ({"email": "nonsense"}, "Enter an e-mail address"),
        ({"access": "groups"}, "Choose at least one group."),
        ({"email": make.agent("Bob").email}, "exists already"),
    ):
        answer = admin.submit(address, **details(ann, **changes))
        assert (answer.status_code, told in answer.text) == (422, True), changes


@pytest.mark.parametrize("action", ["disable", "delete"])
def test_who_leaves_names_an_heir(admin: Browser, ann: Agent, action: str) -> None:
    bob, address = make.agent("Bob"), f"/settings/agents/{ann.id}/{action}"
    assert admin.submit(address, heir=ann.id).status_code == 422
    assert fresh(ann).active
    assert admin.submit(address, heir=bob.id).status_code == 303
    assert not fresh(ann).active
    assert (admin.get(f"/settings/agents/{ann.id}").status_code == 404) is (action == "delete")


@pytest.mark.parametrize("action", ["disable", "delete"])
@pytest.mark.parametrize("heir", ["", "0", "nobody", "4711", None])
def test_an_heir_is_chosen_knowingly(admin: Browser, ann: Agent, action: str, heir: str | None) -> None:
    address = f"/settings/agents/{ann.id}/{action}"
    first, *others = re.findall(r"<option ([^>]*)>([^<]+)<", admin.get(address).text)
    assert first == ('value=""', "Choose an agent")
    assert [words.partition(" · ")[0] for _, words in others] == ["Boss"]
    assert not any("selected" in attributes for attributes, _ in others)
    answer = admin.submit(address, **({} if heir is None else {"heir": heir}))
    assert (answer.status_code, errors(answer.text)) == (422, ["Choose an active agent who takes over."])


def test_heirs_of_one_name_differ_by_their_address(admin: Browser, ann: Agent) -> None:
    twins = [make.agent("Bob"), make.agent("Bob")]
    page = admin.get(f"/settings/agents/{ann.id}/delete").text
    assert all(f"Bob · {bob.email}<" in page for bob in twins)


@pytest.mark.parametrize("action", ["disable", "delete"])
def test_whoever_leaves_by_their_own_hand_is_told_so(admin: Browser, ann: Agent, action: str) -> None:
    boss = db.session.scalars(db.select(Agent).where(Agent.name == "Boss")).one()
    told = "This is you: you are signed out at once"
    pages = [admin.get(f"/settings/agents/{one.id}/{action}").text for one in (boss, ann)]
    assert [told in page for page in pages] == [True, False]


def test_the_only_agent_finds_nobody_who_takes_over(admin: Browser) -> None:
    boss = db.session.scalars(db.select(Agent)).one()
    page = admin.get(f"/settings/agents/{boss.id}/delete").text
    assert ("Nobody else is here who could take over." in page, 'name="heir"' in page) == (True, False)


def test_a_number_that_is_none_is_told_once(admin: Browser, ann: Agent) -> None:
    for number in ("3.5", "many", "101"):
        answer = admin.submit(f"/settings/agents/{ann.id}", **details(ann, capacity=number))
        assert errors(answer.text) == ["Choose between 0 and 100 chats."], number


def test_who_was_disabled_is_enabled_again(admin: Browser, ann: Agent) -> None:
    admin.submit(f"/settings/agents/{ann.id}/disable", heir=make.agent("Bob").id)
    admin.submit(f"/settings/agents/{ann.id}/enable", page=f"/settings/agents/{ann.id}")
    assert fresh(ann).active


def test_a_group_is_added_named_closed_and_used_again(admin: Browser) -> None:
    support = groups.first()
    assert admin.submit("/settings/groups", name="Sales", from_name="").status_code == 303
    sales = db.session.scalars(db.select(Group).where(Group.name == "Sales")).one()
    admin.submit(f"/settings/groups/{sales.id}", name="Sales", from_name="Lantern & Loom")
    assert admin.submit(f"/settings/groups/{support.id}/close", replacement=sales.id).status_code == 303
    assert groups.active() == [sales]
    admin.submit(f"/settings/groups/{support.id}/open", page="/settings/groups")
    assert groups.active() == [sales, support]


@pytest.mark.parametrize("replacement", ["", "0", "none"])
def test_the_group_that_takes_over_is_chosen_knowingly(admin: Browser, replacement: str) -> None:
    groups.named("Sales")
    address = f"/settings/groups/{groups.first().id}/close"
    assert re.findall(r"<option ([^>]*)>([^<]+)<", admin.get(address).text)[0] == ('value=""', "Choose a group")
    answer = admin.submit(address, replacement=replacement)
    assert (answer.status_code, errors(answer.text)) == (422, ["Choose another active group."])


def test_the_last_group_says_that_it_stays(admin: Browser) -> None:
    page = admin.get(f"/settings/groups/{groups.first().id}/close").text
    assert ("This is the last group in use" in page, 'name="replacement"' in page) == (True, False)


def test_two_groups_cannot_share_a_name(admin: Browser) -> None:
    answer = admin.submit("/settings/groups", name="Support", from_name="")
    assert (answer.status_code, "exists already" in answer.text) == (422, True)
