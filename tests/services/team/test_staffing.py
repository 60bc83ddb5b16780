"""Agents come and go: what they had is taken over, and somebody stays who can change the settings."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent
from services.attendance import statuses
from services.errors import InvalidInput
from services.signing_in import sign_ins
from services.team import access_levels, agents, groups, staffing
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", admin=True)


@pytest.fixture
def ann(boss: Agent) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def bob(boss: Agent) -> Agent:
    return make.agent("Bob")


def test_an_administrator_changes_name_address_and_level(boss: Agent, ann: Agent) -> None:
    sales = groups.named("Sales")
    level = Level(Access.GROUPS, {sales.id: []})
    staffing.change(ann.id, name=" Anna ", email="ANNA@desk.example", is_admin=True, level=level)
    db.session.refresh(ann)
    assert (ann.name, ann.email, ann.is_admin) == ("Anna", "anna@desk.example", True)
    assert access_levels.of(ann) == level


def test_two_agents_cannot_have_one_address(ann: Agent, bob: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        staffing.change(ann.id, name="Ann", email=bob.email.upper(), is_admin=False, level=Level())
    assert refused.value.field == "email"


def test_the_last_administrator_stays_one(boss: Agent, ann: Agent) -> None:
    with pytest.raises(InvalidInput):
        staffing.change(boss.id, name="Boss", email=boss.email, is_admin=False, level=Level())
    with pytest.raises(InvalidInput):
        staffing.disable(boss.id, ann.id)
    with pytest.raises(InvalidInput):
        staffing.delete(boss.id, ann.id)


def test_who_is_disabled_is_signed_out_and_offline(ann: Agent, bob: Agent) -> None:
    sign_ins.begin(ann, browser="", address="")
    staffing.disable(ann.id, bob.id)
    db.session.refresh(ann)
    assert agents.authenticate(ann.email, "correct horse") is None
    assert (sign_ins.of_agent(ann.id), statuses.of(ann).kind) == ([], "offline")


def test_who_is_deleted_leaves_the_list_and_the_address(ann: Agent, bob: Agent) -> None:
    address = ann.email
    staffing.delete(ann.id, bob.id)
    assert ann.id not in [one.id for one in staffing.everyone()]
    another = agents.create(email=address, name="Another Ann", password="correct horse")
    assert agents.authenticate(address, "correct horse") == another
    # What they still have under way to a vendor goes out in their name.
    assert db.session.get_one(Agent, ann.id).email == address


@pytest.mark.parametrize("who", ["nobody", "themselves", "somebody disabled"])
def test_the_heir_is_another_active_agent(ann: Agent, bob: Agent, who: str) -> None:
    if who == "somebody disabled":
        with unit_of_work():
            bob.active = False
    heir = {"nobody": 4711, "themselves": ann.id, "somebody disabled": bob.id}[who]
    with pytest.raises(InvalidInput) as refused:
        staffing.disable(ann.id, heir)
    assert refused.value.field == "heir"


def test_who_is_enabled_again_signs_in_with_the_old_password(ann: Agent, bob: Agent) -> None:
    staffing.disable(ann.id, bob.id)
    staffing.enable(ann.id)
    assert agents.authenticate(ann.email, "correct horse") is not None
