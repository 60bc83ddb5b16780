"""Who is given which chat, decided over plain data (product.md §2.3)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Distribution
from services.distributing.distribution import Candidate, Gift, Waiting, plan

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ANN, BOB, CID = 1, 2, 3
IN_TURN, LEAST_BUSY = Distribution.ROUND_ROBIN, Distribution.LEAST_BUSY


def waits(case_id: int, *suits: int, by: Distribution = IN_TURN) -> Waiting:
    return Waiting(case_id, by, frozenset(suits or (ANN, BOB, CID)))


def there(agent_id: int, *, chats: int = 0, capacity: int = 5, minutes_ago: int | None = None) -> Candidate:
    given_at = None if minutes_ago is None else NOON - timedelta(minutes=minutes_ago)
    return Candidate(agent_id, chats, capacity, given_at)


def whom(*gifts: Gift) -> list[tuple[int, int]]:
    return [(gift.case_id, gift.agent_id) for gift in gifts]


@pytest.mark.parametrize(
    ("what", "candidates", "chosen"),
    [
        ("nobody is there", [], None),
        ("the only one", [there(ANN)], ANN),
        ("the longest without a gift", [there(ANN, minutes_ago=1), there(BOB, minutes_ago=9)], BOB),
        ("who was never given one comes first", [there(ANN, minutes_ago=9), there(BOB)], BOB),
        ("however many they have", [there(ANN, chats=4, minutes_ago=9), there(BOB, minutes_ago=1)], ANN),
        ("unless they have no room", [there(ANN, chats=5, minutes_ago=9), there(BOB, minutes_ago=1)], BOB),
        ("more than room", [there(ANN, chats=9)], None),
        ("who is given none", [there(ANN, capacity=0)], None),
    ],
)
def test_in_turn(what: str, candidates: list[Candidate], chosen: int | None) -> None:
    assert whom(*plan([waits(7)], candidates)) == ([(7, chosen)] if chosen else []), what


@pytest.mark.parametrize(
    ("what", "candidates", "chosen"),
    [
        ("the fewest chats", [there(ANN, chats=2, minutes_ago=9), there(BOB, chats=1, minutes_ago=1)], BOB),
        ("of two the longer without a gift", [there(ANN, minutes_ago=1), there(BOB, minutes_ago=9)], BOB),
        ("who has room", [there(ANN, chats=1, capacity=1), there(BOB, chats=4)], BOB),
    ],
)
def test_least_busy(what: str, candidates: list[Candidate], chosen: int) -> None:
    assert whom(*plan([waits(7, by=LEAST_BUSY)], candidates)) == [(7, chosen)], what


def test_one_after_the_other_they_are_given_chats_in_turn() -> None:
    line = [waits(number) for number in range(1, 6)]
    gifts = plan(line, [there(ANN, minutes_ago=3), there(BOB, minutes_ago=2), there(CID, minutes_ago=1)])
    assert whom(*gifts) == [(1, ANN), (2, BOB), (3, CID), (4, ANN), (5, BOB)]


def test_the_least_busy_catch_up_with_the_others() -> None:
    line = [waits(number, by=LEAST_BUSY) for number in range(1, 5)]
    gifts = plan(line, [there(ANN, chats=3), there(BOB, chats=1), there(CID, chats=3)])
    assert whom(*gifts) == [(1, BOB), (2, BOB), (3, ANN), (4, CID)]


def test_the_longest_waiting_chat_comes_first_whatever_its_group() -> None:
    assert whom(*plan([waits(4, ANN), waits(9, ANN, BOB)], [there(ANN, capacity=1)])) == [(4, ANN)]


def test_a_chat_that_suits_nobody_keeps_nobody_behind_it_back() -> None:
    assert whom(*plan([waits(4, CID), waits(9, ANN)], [there(ANN)])) == [(9, ANN)]


numbers = st.integers(1, 6)
lines = st.lists(
    st.builds(lambda by, suits: (by, frozenset(suits)), st.sampled_from([IN_TURN, LEAST_BUSY]), st.sets(numbers)),
    max_size=30,
).map(lambda line: [Waiting(place, by, suits) for place, (by, suits) in enumerate(line, 1)])
teams = st.lists(
    st.builds(
        there,
        numbers,
        chats=st.integers(0, 6),
        capacity=st.integers(0, 6),
        minutes_ago=st.none() | st.integers(0, 99),
    ),
    unique_by=lambda one: one.agent_id,
)


@given(line=lines, team=teams)
def test_nobody_is_given_more_than_they_have_room_for(line: list[Waiting], team: list[Candidate]) -> None:
    given_to = Counter(gift.agent_id for gift in plan(line, team))
    for one in team:
        assert given_to[one.agent_id] <= max(0, one.capacity - one.chats)
    assert given_to.keys() <= {one.agent_id for one in team}


@given(line=lines, team=teams)
def test_each_chat_is_given_once_in_the_order_of_the_line_to_somebody_whom_it_suits(
    line: list[Waiting], team: list[Candidate]
) -> None:
    gifts = plan(line, team)
    suits = {chat.case_id: chat.suits for chat in line}
    assert [gift.case_id for gift in gifts] == sorted({gift.case_id for gift in gifts})
    assert all(gift.agent_id in suits[gift.case_id] for gift in gifts)


@given(line=lines, team=teams)
def test_no_chat_goes_on_waiting_while_somebody_whom_it_suits_has_room(
    line: list[Waiting], team: list[Candidate]
) -> None:
    gifts = plan(line, team)
    given_to = Counter(gift.agent_id for gift in gifts)
    free = {one.agent_id for one in team if one.chats + given_to[one.agent_id] < one.capacity}
    for chat in line:
        if chat.case_id not in {gift.case_id for gift in gifts}:
            assert not chat.suits & free


@given(chats=st.integers(1, 40), team=st.sets(numbers, min_size=1))
def test_in_turn_is_fair(chats: int, team: set[int]) -> None:
    line = [waits(number, *team) for number in range(chats)]
    counts = Counter(gift.agent_id for gift in plan(line, [there(one, capacity=99) for one in team]))
    assert max(counts.values()) - min(counts[one] for one in team) <= 1


@given(chats=st.integers(1, 40), team=st.dictionaries(numbers, st.integers(0, 5), min_size=1))
def test_the_least_busy_end_up_level_unless_some_began_with_more(chats: int, team: dict[int, int]) -> None:
    line = [waits(number, *team, by=LEAST_BUSY) for number in range(chats)]
    gifts = Counter(gift.agent_id for gift in plan(line, [there(a, chats=n, capacity=99) for a, n in team.items()]))
    after = {one: team[one] + gifts[one] for one in team}
    assert max(after[one] for one in gifts) - min(after.values()) <= 1
