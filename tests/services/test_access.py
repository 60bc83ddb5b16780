"""Access levels: who sees which case, the same for every query, check and push (product.md §4.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest
from flask import Flask

from extensions import db
from models import Access, Agent, AgentStatus, Case, Channel, Handling, Status, StatusKind
from services import access, clock
from services.attendance import statuses
from services.conversations import chats
from services.errors import CaseNotFound, Forbidden, InvalidInput
from services.team import access_levels, groups
from services.team.access_levels import Level
from services.uow import unit_of_work
from tests import factories as make


@dataclass
class Desk:
    """Cases of every kind: two groups, two families of channels, active and ended, of nobody, of Ann and of Bob."""

    ann: Agent
    bob: Agent
    sales: int
    support: int
    cases: list[Case]


@pytest.fixture
def desk(app: Flask) -> Desk:
    ann, bob = make.agent("Ann"), make.agent("Bob")
    sales, support = groups.named("Sales").id, groups.named("Support").id
    chat, mail = make.website(), a_mailbox(support)
    sorts = product((sales, support), (chat, mail), (True, False), (None, ann, bob), (None, ann))
    cases = [a_case(number, *sort) for number, sort in enumerate(sorts)]
    return Desk(ann, bob, sales, support, cases)


def a_mailbox(group_id: int) -> Channel:
    """A channel of another family."""
    with unit_of_work() as session:
        channel = Channel(kind="widget", family="email", name="Mail", group_id=group_id, created_at=clock.now())
        session.add(channel)
        return channel


def a_case(
    number: int, group_id: int, channel: Channel, active: bool, assignee: Agent | None, owner: Agent | None
) -> Case:
    case = make.chat(channel=channel, visitor=f"visitor {number}")
    with unit_of_work():
        case.group_id, case.active = group_id, active
        case.assignee_id = assignee.id if assignee else None
        case.fixated_to_id = owner.id if owner and active else None
    return case


def seen(agent: Agent, desk: Desk) -> set[int]:
    """What a query finds; the check and the audience must agree with it on every case."""
    found = set(db.session.scalars(db.select(Case.id).where(access.visible_cases(agent))))
    for case in desk.cases:
        assert access.may_see(agent, case) is (case.id in found)
        assert (agent.id in {to.agent_id for to in access.audience(case)}) is (case.id in found)
    return found


def ids(desk: Desk, **wanted: object) -> set[int]:
    return {case.id for case in desk.cases if all(getattr(case, name) == value for name, value in wanted.items())}


def chats_of(desk: Desk) -> set[int]:
    return {case.id for case in desk.cases if case.channel.family == "live_chat"}


def test_full_access_sees_everything(desk: Desk) -> None:
    assert seen(desk.ann, desk) == ids(desk)


def test_full_access_without_a_channel_sees_nothing_of_it(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(without=["live_chat"]))
    assert seen(desk.ann, desk) == ids(desk) - chats_of(desk)


def test_by_groups_sees_the_chosen_groups_alone(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.GROUPS, {desk.sales: []}))
    assert seen(desk.ann, desk) == ids(desk, group_id=desk.sales)


def test_by_groups_each_group_has_icons_of_its_own(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.GROUPS, {desk.sales: ["live_chat"], desk.support: ["email"]}))
    sales, support = ids(desk, group_id=desk.sales), ids(desk, group_id=desk.support)
    assert seen(desk.ann, desk) == (sales - chats_of(desk)) | (support & chats_of(desk))


def test_limited_sees_the_cases_assigned_and_the_chats_fixated_to_them(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.LIMITED))
    assert seen(desk.ann, desk) == ids(desk, assignee_id=desk.ann.id) | ids(desk, fixated_to_id=desk.ann.id)


def test_view_only_sees_no_active_chats(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.VIEW_ONLY))
    assert seen(desk.ann, desk) == ids(desk, active=False)


def test_whoever_is_not_active_sees_nothing(desk: Desk) -> None:
    with unit_of_work():
        desk.ann.active = False
    assert seen(desk.ann, desk) == set()


def test_what_one_may_not_see_does_not_exist(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.LIMITED))
    hidden = (ids(desk) - seen(desk.ann, desk)).pop()
    with pytest.raises(CaseNotFound):
        chats.reply(hidden, desk.ann, "hello")


def test_view_only_may_not_answer_end_or_take(desk: Desk) -> None:
    access_levels.give(desk.ann.id, Level(Access.VIEW_ONLY))
    ended = ids(desk, active=False).pop()
    with pytest.raises(Forbidden):
        chats.reply(ended, desk.ann, "hello")
    with pytest.raises(Forbidden):
        chats.take(ended, desk.ann)
    with pytest.raises(Forbidden):
        chats.end(ended, desk.ann, Status.OPEN)


@pytest.mark.parametrize("access_level", list(Access))
def test_a_level_that_was_given_is_read_back(desk: Desk, access_level: Access) -> None:
    given = Level(access_level, {desk.sales: ["email"]} if access_level == Access.GROUPS else {})
    if access_level in (Access.FULL, Access.VIEW_ONLY):
        given = replace(given, without=["live_chat"])
    access_levels.give(desk.ann.id, given)
    assert access_levels.of(desk.ann) == given


def test_by_groups_wants_a_group(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        access_levels.give(desk.ann.id, Level(Access.GROUPS))


@pytest.mark.parametrize(
    ("kind", "active"), [(StatusKind.WITHOUT_CHATS, False), (StatusKind.ONLINE, None), (StatusKind.OFFLINE, "neither")]
)
def test_a_status_hides_what_it_gives_no_access_to(desk: Desk, kind: StatusKind, active: object) -> None:
    statuses.choose(desk.ann.id, statuses.built_in(kind).id)
    wanted = ids(desk) if active is None else ids(desk, active=active)
    assert seen(desk.ann, desk) == wanted


def test_a_status_that_only_looks_at_chats_answers_none(desk: Desk) -> None:
    with unit_of_work() as session:
        status = AgentStatus(kind=StatusKind.CUSTOM, name="Training", cases=Handling.HANDLE, chats=Handling.VIEW)
        session.add(status)
    statuses.choose(desk.ann.id, status.id)
    assert seen(desk.ann, desk) == ids(desk)
    with pytest.raises(Forbidden):
        chats.reply(ids(desk, active=True).pop(), desk.ann, "hello")
