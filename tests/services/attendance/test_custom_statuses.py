"""Statuses of the desk's own: what they are like holds at once, and nobody stays in one that is withdrawn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from extensions import db
from models import Agent, AgentStatus, Handling, StatusKind
from services import access
from services.attendance import custom_statuses, statuses
from services.attendance.custom_statuses import Custom
from services.errors import InvalidInput
from services.events import Work, committed
from tests import factories as make

TRAINING = Custom("Training", cases=Handling.HANDLE, chats=Handling.VIEW, returns=False, daily_minutes=90)


@pytest.fixture
def training(app: Flask) -> AgentStatus:
    return custom_statuses.create(TRAINING)


@pytest.fixture
def ann(training: AgentStatus) -> Agent:
    """Ann, who is in training."""
    ann = make.agent("Ann")
    statuses.choose(ann.id, training.id)
    return ann


def status_of(agent: Agent) -> AgentStatus:
    db.session.rollback()
    db.session.refresh(agent)
    return statuses.of(agent)


def told_of(work_done: object) -> set[int]:
    """Whose pages are told of what this does."""
    told: set[int] = set()

    def hear(work: Work) -> None:
        told.update(work.agents)

    with committed.connected_to(hear):
        work_done()  # type: ignore[operator]
    return told


def test_a_new_one_can_be_chosen_and_is_what_was_asked_for(ann: Agent) -> None:
    status = status_of(ann)
    found = Custom(status.name, status.cases, status.chats, status.returns, status.daily_minutes)
    assert (status.kind, found) == (StatusKind.CUSTOM, TRAINING)


def test_the_built_in_ones_come_first_and_those_that_are_withdrawn_last(training: AgentStatus) -> None:
    custom_statuses.create(Custom("Lunch", Handling.NONE, Handling.NONE))
    custom_statuses.withdraw(training.id)
    words = [custom_statuses.word(status) for status in custom_statuses.everything()]
    assert words == ["online", "offline", "without-chats", "Lunch", "Training"]


def test_a_change_holds_at_once_for_those_who_are_in_it_and_they_are_told(ann: Agent, training: AgentStatus) -> None:
    make.agent("Bob")
    case = make.chat()
    assert access.may_see(ann, case)
    told = told_of(lambda: custom_statuses.change(training.id, replace(TRAINING, chats=Handling.NONE)))
    assert told == {ann.id}
    assert not access.may_see(ann, case)


def test_whoever_is_in_one_that_is_withdrawn_is_offline_and_told(ann: Agent, training: AgentStatus) -> None:
    make.agent("Bob")
    assert told_of(lambda: custom_statuses.withdraw(training.id)) == {ann.id}
    assert status_of(ann).kind == StatusKind.OFFLINE
    assert training not in statuses.choices()
    with pytest.raises(InvalidInput):
        statuses.choose(ann.id, training.id)


def test_nobody_comes_back_to_one_that_is_withdrawn(ann: Agent, training: AgentStatus) -> None:
    custom_statuses.change(training.id, replace(TRAINING, returns=True))
    db.session.execute(db.update(Agent).values(connected_until=None))
    db.session.commit()
    statuses.end_lapsed()
    assert status_of(ann).kind == StatusKind.OFFLINE
    custom_statuses.withdraw(training.id)
    custom_statuses.use_again(training.id)
    statuses.note_connected([ann.id])
    assert status_of(ann).kind == StatusKind.OFFLINE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "training"}, "name"),
        ({"name": "ONLINE"}, "name"),
        ({"name": "Without chats"}, "name"),
        ({"cases": "sometimes"}, "cases"),
        ({"chats": ""}, "chats"),
        ({"daily_minutes": 0}, "daily_minutes"),
        ({"daily_minutes": 24 * 60 + 1}, "daily_minutes"),
    ],
)
def test_what_cannot_be_taken_is_told_by_its_field(
    training: AgentStatus, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        custom_statuses.create(replace(TRAINING, **{"name": "Lunch", **changes}))  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_name_is_free_again_once_its_status_is_withdrawn_but_then_there_is_no_way_back(training: AgentStatus) -> None:
    custom_statuses.withdraw(training.id)
    custom_statuses.create(TRAINING)
    with pytest.raises(InvalidInput):
        custom_statuses.use_again(training.id)


@pytest.mark.parametrize("word", ["online", "offline", "without-chats", "Training", " TRAINING "])
def test_commands_name_a_status_by_a_word(training: AgentStatus, word: str) -> None:
    status = custom_statuses.called(word)
    assert status is not None
    assert custom_statuses.word(status).casefold() == word.strip().casefold()


@pytest.mark.parametrize("word", ["", "custom", "nonsense"])
def test_other_words_name_none(training: AgentStatus, word: str) -> None:
    assert custom_statuses.called(word) is None


def test_the_built_in_ones_cannot_be_changed(app: Flask) -> None:
    assert [custom_statuses.own(status.id) for status in statuses.choices()] == [None] * 3
