"""Settings → Team → Roles: presets that agents follow."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from extensions import db
from models import Access, Agent, Role
from services.team import access_levels, groups, roles
from services.team.access_levels import Level
from tests import factories as make
from tests.browsing import Browser


def role_named(name: str) -> Role:
    return db.session.scalars(db.select(Role).where(Role.name == name)).one()


def details(name: str, **changes: object) -> dict[str, object]:
    """The form of a role as the page sends it."""
    return {"name": name, "access": "full", "icons": [":live_chat"], "signature": "", **changes}


def fresh(agent: Agent) -> Agent:
    db.session.rollback()
    db.session.refresh(agent)
    return agent


@pytest.mark.parametrize("page", ["/settings/roles", "/settings/roles/new", "/settings/roles/1"])
def test_administrators_alone_see_roles(client: FlaskClient, page: str) -> None:
    assert Browser(client).sign_in(make.agent()).get(page).status_code == 403


def test_a_role_is_added_changed_and_deleted(admin: Browser) -> None:
    sales = groups.named("Sales")
    chosen = details("First line", access="groups", groups=[sales.id], icons=[f"{sales.id}:live_chat"], is_admin="y")
    assert admin.submit("/settings/roles/new", **chosen).status_code == 303
    role = role_named("First line")
    assert roles.preset_of(role) == roles.Preset(
        "First line", True, Level(Access.GROUPS, {sales.id: []}, ["live_chat"])
    )
    address = f"/settings/roles/{role.id}"
    page = admin.get(address).text
    assert f'value="{sales.id}:live_chat" checked' in page
    admin.submit(address, **details("Second line", signature="We"))
    assert roles.preset_of(role_named("Second line")) == roles.Preset("Second line", signature="We")
    admin.submit(address + "/delete")
    assert admin.get(address).status_code == 404


def test_the_list_says_what_a_role_is_and_how_many_have_it(admin: Browser) -> None:
    role, ann = make.role("First line"), make.agent("Ann")
    admin.submit(f"/settings/agents/{ann.id}", name="Ann", email=ann.email, access="full", role=role.id)
    page = admin.get("/settings/roles").text
    assert all(word in page for word in (role.name, "Full access", "1 agent"))


def test_an_agent_is_given_a_role_and_own_settings_again(admin: Browser) -> None:
    ann, role = make.agent("Ann"), make.role()
    roles.change(role.id, roles.Preset(role.name, level=Level(Access.LIMITED)))
    address, form = f"/settings/agents/{ann.id}", {"name": "Ann", "email": ann.email, "access": "view-only"}
    assert admin.submit(address, **form, role=role.id).status_code == 303
    assert (fresh(ann).role_id, ann.access) == (role.id, Access.LIMITED)
    assert f'<option selected value="{role.id}">' in admin.get(address).text
    assert role.name in admin.get("/settings/agents").text
    admin.submit(address, **form, role=0, icons=[":live_chat"])
    assert (fresh(ann).role_id, access_levels.of(ann)) == (None, Level(Access.VIEW_ONLY))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "First line"}, "A role with this name exists already."),
        ({"access": "groups"}, "Choose at least one group."),
        ({"signature": "a" * 501}, "At most 500 characters fit"),
    ],
)
def test_what_cannot_be_a_role_is_told_at_its_field(admin: Browser, changes: dict[str, str], told: str) -> None:
    roles.create(roles.Preset("First line"))
    answer = admin.submit("/settings/roles/new", **{**details("New"), **changes})
    assert (answer.status_code, told in answer.text) == (422, True)


def test_the_last_administrator_is_told_at_the_role_why_it_cannot_be_theirs(admin: Browser) -> None:
    boss = db.session.scalars(db.select(Agent).where(Agent.is_admin)).one()
    role = make.role()
    form = {"name": "Boss", "email": boss.email, "access": "full", "role": role.id}
    answer = admin.submit(f"/settings/agents/{boss.id}", **form)
    assert 'id="role-error" role="alert">Somebody has to be an administrator.' in answer.text
    assert fresh(boss).is_admin


def test_an_agents_signature_and_number_of_chats_are_kept(admin: Browser) -> None:
    ann = make.agent("Ann")
    address, form = f"/settings/agents/{ann.id}", {"name": "Ann", "email": ann.email, "access": "full"}
    admin.submit(address, **form, signature="Ann", capacity="3")
    assert (fresh(ann).signature, ann.capacity) == ("Ann", 3)
    admin.submit(address, **form, signature="", capacity="")
    assert (fresh(ann).signature, ann.capacity) == ("", None)
    for number in ("-1", "101", "many"):
        answer = admin.submit(address, **form, capacity=number)
        assert (answer.status_code, "Choose between 0 and 100 chats." in answer.text) == (422, True)
