"""Doing together what many ask for at once: each gets its own answer, and one bad item spoils nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from services.together import Together
from tests.processes.running import eventually


class Held:
    """Doubles numbers; the first batch waits until it is let go, so that the next ones gather behind it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        if len(self.batches) == 1:
            assert self.go.wait(20)
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


def test_one_alone_is_served_at_once() -> None:
    assert Together(lambda items: [item + 1 for item in items])(1) == 2


def gathered(held: Held, together: Together[int, int], items: Sequence[int]) -> list[int | Exception]:
    """What each caller got, while all of them came during one batch."""
    with ThreadPoolExecutor(len(items) + 1) as threads:
        first = threads.submit(together, 0)
        assert eventually(lambda: held.batches == [[0]])
        rest = [threads.submit(together, item) for item in items]
        assert eventually(lambda: len(together._wishes) == len(items))
        held.go.set()
        assert first.result(20) == 0
        return [one.exception(20) or one.result() for one in rest]  # type: ignore[misc]


def test_those_who_come_meanwhile_share_the_next_batch_and_each_gets_its_own_result() -> None:
    held = Held()
    items = list(range(1, 9))
    assert gathered(held, Together(held), items) == [2 * item for item in items]
    assert [sorted(batch) for batch in held.batches] == [[0], items]


def test_one_bad_item_fails_alone() -> None:
    held = Held()
    results = gathered(held, Together(held), [5, 13, 6])
    assert (results[0], results[2]) == (10, 12)
    assert isinstance(results[1], ValueError)


def test_a_batch_is_not_endless() -> None:
    held = Held()
    assert len(gathered(held, Together(held), range(100, 200))) == 100
    assert [len(batch) for batch in held.batches] == [1, 64, 36]


def test_a_thread_that_is_told_to_stop_leaves_nobody_waiting() -> None:
    calls = count()

    def stop_first(items: Sequence[int]) -> list[int]:
        if next(calls) == 0:
            raise SystemExit(1)
        return list(items)

    together = Together(stop_first)
    with pytest.raises(SystemExit):
        together(1)
    assert together(2) == 2
