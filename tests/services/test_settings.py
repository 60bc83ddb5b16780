"""What administrators may change about chats: typed, bounded, effective at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from services import settings
from services.conversations import chats
from services.errors import InvalidInput
from services.settings import LONGEST_SILENCE, ChatSettings
from tests import factories as make

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_a_fresh_desk_ends_chats_after_ten_minutes_and_warns_two_before(app: Flask) -> None:
    assert settings.chats() == ChatSettings(silence_minutes=10, warning_minutes=2, may_postpone=True)


@pytest.mark.parametrize(
    "new", [ChatSettings(0, 0, False), ChatSettings(5, 5, True), ChatSettings(LONGEST_SILENCE, 0, True)]
)
def test_what_was_changed_is_what_is_read(app: Flask, new: ChatSettings) -> None:
    settings.change_chats(new)
    assert settings.chats() == new


@pytest.mark.parametrize(
    ("silence", "warning", "field"),
    [
        (-1, 0, "silence_minutes"),
        (LONGEST_SILENCE + 1, 0, "silence_minutes"),
        (10, -1, "warning_minutes"),
        (10, 11, "warning_minutes"),
        (0, 1, "warning_minutes"),
    ],
)
def test_minutes_out_of_range_are_refused(silence: int, warning: int, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        settings.change_chats(ChatSettings(silence, warning))
    assert refusal.value.field == field


@given(st.integers(), st.integers())
def test_a_warning_never_comes_before_the_silence_begins(silence: int, warning: int) -> None:
    try:
        settings._check(ChatSettings(silence, warning))
    except InvalidInput:
        return
    assert 0 <= warning <= silence <= LONGEST_SILENCE


def test_new_minutes_move_the_end_of_active_chats_by_the_difference_and_leave_ended_ones(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False):
        plain, postponed, ended = (make.chat(visitor=visitor) for visitor in ("one", "two", "three"))
        ann = make.agent()
        chats.postpone(postponed.id, ann)
        chats.end(ended.id, ann, "open")
        settings.change_chats(ChatSettings(15, 2, True))
    ends = [make.fresh(case).ends_at for case in (plain, postponed, ended)]
    assert ends == [NOON + timedelta(minutes=15), NOON + timedelta(minutes=20), None]


def test_other_settings_leave_the_ends_alone(app: Flask) -> None:
    case = make.chat()
    settings.change_chats(ChatSettings(10, 3, False))
    assert make.fresh(case).ends_at == case.ends_at
