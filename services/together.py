"""Doing together what many ask for at the same moment, such as one commit for all deliveries that have just come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_AT_ONCE = 64


@dataclass
class _Wish(Generic[Item, Result]):
    item: Item
    result: Result | None = None
    error: BaseException | None = None
    is_settled: bool = False

    def settle(self, result: Result | None = None, error: BaseException | None = None) -> None:
        self.result, self.error, self.is_settled = result, error, True


class Together(Generic[Item, Result]):
    """Calls `do` once for all threads that ask while it is busy; each gets its own item's result.

    One of the threads does the work of all: while it is at it, the next ones gather. Must not be asked by a thread
    that holds what `do` needs, such as an open unit of work or a connection of the database.

    Args:
        do: takes items, returns as many results. If it raises, every item is tried alone, so that one bad item
            spoils nothing for the others.
    """

    def __init__(self, do: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._do = do
        self._wishes: deque[_Wish[Item, Result]] = deque()
        self._leading = threading.Lock()

    def __call__(self, item: Item) -> Result:
        """Have it done; returns when it is. Raises what `do` raised for this item."""
        wish: _Wish[Item, Result] = _Wish(item)
        self._wishes.append(wish)
        with self._leading:
            while not wish.is_settled:
                self._lead()
        if wish.error is not None:
            raise wish.error
        return wish.result  # type: ignore[return-value]

    def _lead(self) -> None:
        wishes = [self._wishes.popleft() for _ in range(min(len(self._wishes), _MOST_AT_ONCE))]
        try:
            self._grant(wishes)
        except Exception as error:
            if len(wishes) == 1:
                wishes[0].settle(error=error)
                return
            for wish in wishes:
                self._grant_alone(wish)
        except BaseException as error:
            for wish in wishes:
                wish.settle(error=error)
            raise

    def _grant(self, wishes: Sequence[_Wish[Item, Result]]) -> None:
        results = self._do([wish.item for wish in wishes])
        for wish, result in zip(wishes, results, strict=True):
            wish.settle(result)

    def _grant_alone(self, wish: _Wish[Item, Result]) -> None:
        try:
            self._grant([wish])
        except Exception as error:
            wish.settle(error=error)
