"""When a silent chat ends (product.md §2.2, C8 and C10): pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Author
from models import Status
from services.conversations import timeouts
from services.settings import LONGEST_SILENCE

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
AWAY = st.timedeltas(timedelta(days=-9_000), timedelta(days=9_000))
MOMENTS = st.builds(lambda away, zone: (NOON + away).astimezone(zone), AWAY, ZONES)
MINUTES = st.integers(0, LONGEST_SILENCE)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, NOON),
        (1, datetime(2026, 3, 4, 12, 1, tzinfo=UTC)),
        (10, datetime(2026, 3, 4, 12, 10, tzinfo=UTC)),
        (LONGEST_SILENCE, datetime(2026, 3, 5, 12, tzinfo=UTC)),
    ],
)
def test_a_chat_has_been_silent_too_long_so_many_minutes_after_its_last_message(
    minutes: int, expected: datetime
) -> None:
    assert timeouts.deadline(NOON, minutes) == expected


@given(MOMENTS, MINUTES)
def test_more_minutes_or_a_later_message_never_end_a_chat_earlier(last: datetime, minutes: int) -> None:
    deadline = timeouts.deadline(last, minutes)
    assert last <= deadline
    assert deadline <= timeouts.deadline(last, minutes + 1)
    assert deadline <= timeouts.deadline(last + timedelta(microseconds=1), minutes)


@given(MOMENTS, st.integers(0, 20))
def test_postponing_adds_five_minutes_each_time(ends_at: datetime, times: int) -> None:
    later = ends_at
    for _ in range(times):
        later = timeouts.postponed(later)
    assert later - ends_at == timedelta(minutes=5 * times)


@pytest.mark.parametrize(("last_author", "status"), [(Author.CUSTOMER, Status.OPEN), (Author.AGENT, Status.PENDING)])
def test_who_spoke_last_decides_what_becomes_of_the_case(last_author: Author, status: Status) -> None:
    assert timeouts.status_after_silence(last_author) == status


@given(st.sampled_from(list(Author)) | st.text(max_size=16))
def test_silence_never_closes_a_case(last_author: str) -> None:
    assert timeouts.status_after_silence(last_author) in (Status.OPEN, Status.PENDING)
