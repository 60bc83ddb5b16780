"""Groups: named once each; a closed one leaves everything to its replacement."""

from __future__ import annotations

import pytest
from flask import Flask

from extensions import db
from models import Access, Case, Channel, Group
from services import access
from services.conversations import chats
from services.errors import InvalidInput
from services.team import access_levels, groups
from services.team.access_levels import Level
from tests import factories as make


@pytest.fixture
def sales(app: Flask) -> Group:
    return groups.named("Sales")


@pytest.fixture
def support(app: Flask) -> Group:
    return groups.first()


def test_a_group_gets_another_name(sales: Group) -> None:
    groups.change(sales.id, name=" Sales  team ", from_name="Lantern & Loom")
    db.session.refresh(sales)
    assert (sales.name, sales.from_name) == ("Sales team", "Lantern & Loom")


@pytest.mark.parametrize("name", ["", "Support", "SUPPORT", "\u200b"])
def test_names_are_neither_empty_nor_doubled(sales: Group, support: Group, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        groups.change(sales.id, name=name, from_name="")
    assert refused.value.field == "name"


def test_a_closed_group_leaves_its_cases_and_channels_to_the_replacement(sales: Group, support: Group) -> None:
    active, over = make.chat(visitor="one"), make.chat(visitor="two")
    chats.end(over.id, make.agent(), "closed")
    groups.close(support.id, sales.id)
    make.handed_over()
    assert [make.fresh(case).group_id for case in (active, over)] == [sales.id, sales.id]
    assert set(db.session.scalars(db.select(Channel.group_id))) == {sales.id}
    assert make.chat(visitor="three").group_id == sales.id
    assert groups.active() == [sales]


def test_who_saw_it_by_access_goes_on_seeing_its_cases_with_the_same_icons(sales: Group, support: Group) -> None:
    ann, bob = make.agent("Ann"), make.agent("Bob")
    access_levels.give(ann.id, Level(Access.GROUPS, {support.id: []}))
    access_levels.give(bob.id, Level(Access.GROUPS, {support.id: ["live_chat"]}))
    case = make.chat()
    groups.close(support.id, sales.id)
    make.handed_over()
    seen = [list(db.session.scalars(db.select(Case.id).where(access.visible_cases(agent)))) for agent in (ann, bob)]
    assert seen == [[case.id], []]


@pytest.mark.parametrize("replacement", ["nothing", "itself", "a closed one"])
def test_the_replacement_is_another_group_in_use(sales: Group, support: Group, replacement: str) -> None:
    if replacement == "a closed one":
        groups.close(sales.id, support.id)
    chosen = {"nothing": 4711, "itself": support.id, "a closed one": sales.id}[replacement]
    with pytest.raises(InvalidInput) as refused:
        groups.close(support.id, chosen)
    assert refused.value.field == "replacement"


def test_a_group_comes_back_into_use(sales: Group, support: Group) -> None:
    groups.close(sales.id, support.id)
    groups.open_again(sales.id)
    assert groups.active() == [sales, support]
