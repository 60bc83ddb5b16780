"""Invitations: a link makes one agent, once, within a week, as long as whoever gave it may invite."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent, Invitation
from services import clock
from services.errors import InvalidInput
from services.team import access_levels, agents, groups, invitations, roles, staffing
from services.team.access_levels import Level
from services.team.invitations import Link, Offer
from services.team.roles import Preset
from services.uow import unit_of_work
from tests import factories as make

NEW = Offer("new@desk.example", "New")


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Boss", admin=True)


@pytest.fixture
def link(boss: Agent) -> Link:
    return invitations.invite(boss, NEW)


def accepted(token: str) -> Agent | None:
    return invitations.accept(token, name="Nora", password="correct horse", language="ru")


def opens(token: str) -> bool:
    db.session.rollback()
    return invitations.by_token(token) is not None


def expire(link: Link) -> None:
    with unit_of_work() as session:
        session.get_one(Invitation, link.invitation.id).expires_at = clock.now() - timedelta(seconds=1)


def test_whoever_accepts_is_an_agent_who_can_sign_in(link: Link) -> None:
    agent = accepted(link.token)
    assert agent is not None
    assert (agent.name, agent.email, agent.language, agent.access) == ("Nora", NEW.email, "ru", Access.FULL)
    assert agents.authenticate(NEW.email, "correct horse") == agent


def test_they_come_with_the_level_that_was_chosen(boss: Agent) -> None:
    level = Level(Access.GROUPS, {groups.named("Sales").id: ["live_chat"]})
    link = invitations.invite(boss, Offer(NEW.email, is_admin=True, level=level))
    agent = accepted(link.token)
    assert agent is not None
    assert (agent.is_admin, access_levels.of(agent)) == (True, level)


def test_they_follow_the_role_that_was_chosen_as_it_is_by_then(boss: Agent) -> None:
    role = roles.create(Preset("First line"))
    link = invitations.invite(boss, Offer(NEW.email, role_id=role.id))
    roles.change(role.id, Preset("First line", level=Level(Access.LIMITED)))
    agent = accepted(link.token)
    assert agent is not None
    assert (agent.role_id, agent.access) == (role.id, Access.LIMITED)


def test_a_link_works_once(link: Link) -> None:
    accepted(link.token)
    assert not opens(link.token)
    assert accepted(link.token) is None
    assert invitations.waiting() == []


def test_of_two_who_open_it_at_once_one_becomes_an_agent(app: Flask, link: Link) -> None:
    def open_it(name: str) -> bool:
        with app.app_context():
            try:
                return invitations.accept(link.token, name=name, password="correct horse", language="en") is not None
            except InvalidInput:
                return False

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(open_it, ["Nora", "Eve"])) == [False, True]


def test_a_link_works_for_a_week(link: Link) -> None:
    lasts = link.invitation.expires_at - clock.now()
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)
    expire(link)
    assert (opens(link.token), accepted(link.token)) == (False, None)


def test_a_link_that_was_taken_back_opens_nothing(link: Link) -> None:
    invitations.revoke(link.invitation.id)
    assert (opens(link.token), invitations.waiting()) == (False, [])


def test_a_new_link_replaces_the_old_one_for_another_week(boss: Agent, link: Link) -> None:
    expire(link)
    renewed = invitations.renew(link.invitation.id, boss)
    assert renewed is not None
    assert (opens(link.token), opens(renewed.token)) == (False, True)


@pytest.mark.parametrize("loss", ["the settings", "the account"])
def test_a_link_works_only_while_whoever_gave_it_may_invite(boss: Agent, link: Link, loss: str) -> None:
    other = make.agent("Other", admin=True)
    if loss == "the settings":
        staffing.change(boss.id, name="Boss", email=boss.email, is_admin=False, level=Level())
    else:
        staffing.disable(boss.id, other.id)
    assert not opens(link.token)
    renewed = invitations.renew(link.invitation.id, other)
    assert renewed is not None
    assert opens(renewed.token)


def test_what_was_accepted_is_neither_renewed_nor_taken_back(boss: Agent, link: Link) -> None:
    accepted(link.token)
    assert invitations.renew(link.invitation.id, boss) is None
    assert invitations.revoke(link.invitation.id) is None


def test_the_token_is_nowhere_in_the_database(link: Link) -> None:
    row = db.session.execute(db.select(Invitation.__table__)).one()
    assert not any(link.token in str(value) for value in row)


@pytest.mark.parametrize(
    ("offer", "field"),
    [
        (Offer("nonsense"), "email"),
        (Offer("NEW@desk.example"), "email"),
        (Offer("other@desk.example", level=Level(Access.GROUPS)), "groups"),
        (Offer("other@desk.example", role_id=4711), "role"),
    ],
)
def test_what_cannot_be_offered_is_refused_at_its_field(boss: Agent, link: Link, offer: Offer, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        invitations.invite(boss, offer)
    assert refused.value.field == field


def test_who_is_an_agent_already_is_not_invited(boss: Agent) -> None:
    with pytest.raises(InvalidInput) as refused:
        invitations.invite(boss, Offer(make.agent("Ann").email.upper()))
    assert refused.value.field == "email"


def test_an_address_that_has_come_to_be_an_agents_is_refused(link: Link) -> None:
    agents.create(email=NEW.email, name="Somebody else", password="correct horse")
    with pytest.raises(InvalidInput) as refused:
        accepted(link.token)
    assert refused.value.field == "email"


def test_a_password_that_cannot_be_taken_leaves_the_link_open(link: Link) -> None:
    with pytest.raises(InvalidInput):
        invitations.accept(link.token, name="Nora", password="short", language="en")
    assert opens(link.token)
