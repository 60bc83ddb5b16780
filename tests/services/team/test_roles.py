"""Roles: whoever has one follows it, also when it changes; somebody stays who can change the settings."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent, Role
from services.errors import InvalidInput
from services.team import access_levels, groups, invitations, roles, staffing
from services.team.access_levels import Level
from services.team.invitations import Offer
from services.team.roles import Preset
from tests import factories as make
from tests.realtime.test_publish import listening
from tests.redis import RealRedis

LIMITED = Level(Access.LIMITED)


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", admin=True)


@pytest.fixture
def ann(boss: Agent) -> Agent:
    return make.agent("Ann")


def given(agent: Agent, role: Role, **changes: object) -> None:
    """Have the agent follow the role."""
    own = {"name": agent.name, "email": agent.email, "is_admin": agent.is_admin, "level": access_levels.of(agent)}
    staffing.change(agent.id, **{**own, "role_id": role.id, **changes})  # type: ignore[arg-type]


def fresh(agent: Agent) -> Agent:
    db.session.rollback()
    db.session.refresh(agent)
    return agent


def test_whoever_is_given_a_role_may_do_what_it_says(ann: Agent) -> None:
    sales = groups.named("Sales")
    level = Level(Access.GROUPS, {sales.id: ["live_chat"]})
    given(ann, roles.create(Preset("First line", is_admin=True, level=level)))
    assert (fresh(ann).is_admin, access_levels.of(ann)) == (True, level)


def test_a_change_of_the_role_changes_all_who_follow_it(ann: Agent, real_redis: RealRedis) -> None:
    bob, role = make.agent("Bob"), roles.create(Preset("First line"))
    given(ann, role)
    given(bob, role)
    with listening(real_redis) as ear:
        roles.change(role.id, Preset("Second line", is_admin=True, level=LIMITED))
        told = {topic for frame in ear.everything() for topic in frame.topics}
    assert {(fresh(one).is_admin, one.access) for one in (ann, bob)} == {(True, Access.LIMITED)}
    assert {f"agent:{ann.id}", f"agent:{bob.id}"} <= told


def test_who_has_settings_of_their_own_again_keeps_them(ann: Agent) -> None:
    role = roles.create(Preset("First line", level=LIMITED))
    given(ann, role)
    given(ann, role, role_id=None, level=Level(Access.VIEW_ONLY))
    roles.change(role.id, Preset("First line", is_admin=True))
    assert (fresh(ann).role_id, ann.is_admin, ann.access) == (None, False, Access.VIEW_ONLY)


def test_who_had_a_role_that_was_deleted_keeps_what_it_said(ann: Agent) -> None:
    bob, role = make.agent("Bob"), roles.create(Preset("First line", level=LIMITED, signature="The first line"))
    given(ann, role)
    given(bob, role, signature="Bob")
    roles.delete(role.id)
    assert (fresh(ann).role_id, ann.access, ann.signature) == (None, Access.LIMITED, "The first line")
    assert fresh(bob).signature == "Bob"
    assert roles.everything() == []


def test_who_is_invited_with_a_role_that_was_deleted_comes_with_what_it_said(boss: Agent) -> None:
    role = roles.create(Preset("First line", is_admin=True, level=LIMITED))
    link = invitations.invite(boss, Offer("new@desk.example", role_id=role.id))
    roles.delete(role.id)
    agent = invitations.accept(link.token, name="New", password="correct horse", language="en")
    assert agent is not None
    assert (agent.role_id, agent.is_admin, agent.access) == (None, True, Access.LIMITED)


def test_the_last_administrator_is_not_lost_by_a_change_of_their_role(boss: Agent) -> None:
    role = roles.create(Preset("Heads", is_admin=True))
    given(boss, role)
    with pytest.raises(InvalidInput) as refused:
        roles.change(role.id, Preset("Heads"))
    assert refused.value.field == "is_admin"
    assert (fresh(boss).is_admin, db.session.get_one(Role, role.id).is_admin) == (True, True)
    make.agent("Other", admin=True)
    roles.change(role.id, Preset("Heads"))
    assert not fresh(boss).is_admin


def test_the_last_administrator_is_given_no_role_without_settings(boss: Agent) -> None:
    with pytest.raises(InvalidInput):
        given(boss, roles.create(Preset("First line")), is_admin=True)
    assert (fresh(boss).is_admin, boss.role_id) == (True, None)


@pytest.mark.parametrize(
    ("preset", "field"),
    [
        (Preset("  "), "name"),
        (Preset("First line"), "name"),
        (Preset("FIRST line"), "name"),
        (Preset("New", level=Level(Access.GROUPS)), "groups"),
        (Preset("New", level=Level(Access.GROUPS, {4711: []})), "groups"),
        (Preset("New", signature="a" * 501), "signature"),
    ],
)
def test_what_cannot_be_a_role_is_refused_at_its_field(app: Flask, preset: Preset, field: str) -> None:
    roles.create(Preset("First line"))
    with pytest.raises(InvalidInput) as refused:
        roles.create(preset)
    assert refused.value.field == field


def test_a_role_keeps_its_own_name(app: Flask) -> None:
    role = roles.create(Preset("First line"))
    roles.change(role.id, Preset("First line", signature="We"))
    assert roles.preset_of(role) == Preset("First line", signature="We")


def test_how_many_follow_a_role_is_counted_without_those_who_have_left(boss: Agent, ann: Agent) -> None:
    role = roles.create(Preset("First line"))
    given(ann, role)
    given(make.agent("Bob"), role)
    staffing.delete(ann.id, boss.id)
    assert roles.members() == {role.id: 1}


def test_a_role_that_is_gone_cannot_be_chosen(ann: Agent) -> None:
    role = roles.create(Preset("First line"))
    roles.delete(role.id)
    with pytest.raises(InvalidInput) as refused:
        given(ann, role)
    assert refused.value.field == "role"


def test_roles_and_invitations_go_on_with_the_group_that_replaces_another(boss: Agent) -> None:
    sales, support, billing = groups.named("Sales"), groups.first(), groups.named("Billing")
    role = roles.create(Preset("First line", level=Level(Access.GROUPS, {sales.id: ["live_chat"], billing.id: []})))
    both = Level(Access.GROUPS, {sales.id: ["live_chat"], support.id: []})
    invited = invitations.invite(boss, Offer("new@desk.example", level=both)).invitation
    groups.close(sales.id, support.id)
    assert roles.preset_of(role).level == Level(Access.GROUPS, {support.id: ["live_chat"], billing.id: []})
    assert access_levels.from_json(invited.level) == Level(Access.GROUPS, {support.id: []})
