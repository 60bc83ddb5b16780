"""What can be made to go wrong (chatra.md §9.9), one thing at a time or by chance."""

from __future__ import annotations

import random
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

When = Literal["", "before", "after"]


@dataclass(frozen=True)
class RestFault:
    """What happens to one REST call instead of the usual.

    Args:
        status: answer this instead, 0 for the usual answer.
        retry_after: value of the header, empty for none.
        hang: keep the caller waiting "before" doing anything, or "after" having done it all.
        cut: close the connection instead of answering, "before" doing anything, or "after" having done it all.
        done: answer `status` although all was done.
    """

    status: int = 0
    retry_after: str = ""
    hang: When = ""
    cut: When = ""
    done: bool = False

    @property
    def happens(self) -> bool:
        """Whether anything goes wrong at all."""
        return bool(self.status or self.hang or self.cut)

    @property
    def comes_after(self) -> bool:
        """Whether the call has its effect all the same."""
        return self.done or "after" in (self.hang, self.cut)


@dataclass
class Chances:
    """How often things go wrong by themselves, each from 0 to 1.

    Args:
        doubled: a delivery is sent twice.
        late: a delivery is overtaken by the next ones.
        overtaken_by: by how many of the same visitor's.
        lost: a delivery is not sent; transcripts are, so that they can bring what was lost.
        failing: a REST call goes wrong, in one of the ways of `ways`.
        seed: what the dice begin with.
    """

    doubled: float = 0.0
    late: float = 0.0
    overtaken_by: int = 2
    lost: float = 0.0
    failing: float = 0.0
    ways: tuple[RestFault, ...] = (RestFault(status=500),)
    seed: int = 1

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def strike(self, chance: float) -> bool:
        """Whether it happens this time."""
        return chance > 0 and self._dice.random() < chance

    def rest(self) -> RestFault | None:
        """What goes wrong with this REST call."""
        return self._dice.choice(self.ways) if self.strike(self.failing) else None


@dataclass
class Faults:
    """The switches for faults; all may be changed while the simulator runs.

    Args:
        copies: how often each delivery is sent.
        reorder: deliveries are collected up to this number and sent newest first; 0 keeps the order.
        delay: seconds before each delivery.
        drop: how many of the next deliveries are lost.
        retries: how often a delivery is repeated when the receiver answers 5xx or not at all; Chatra's habit is
            unknown, hence 0.
        retry_delay: seconds between such repetitions.
        chances: what else goes wrong, by chance.
    """

    copies: int = 1
    reorder: int = 0
    delay: float = 0.0
    drop: int = 0
    retries: int = 0
    retry_delay: float = 0.0
    chances: Chances = field(default_factory=Chances)
    rest: deque[RestFault] = field(default_factory=deque)
    released: threading.Event = field(default_factory=threading.Event)

    def fail(
        self, status: int = 0, *, retry_after: str = "", hang: When = "", cut: When = "", done: bool = False
    ) -> None:
        """Let the next REST call that has no fault yet go wrong."""
        self.rest.append(RestFault(status, retry_after, hang, cut, done))

    def take(self) -> RestFault | None:
        """Return the fault of the call that has just come in."""
        try:
            return self.rest.popleft()
        except IndexError:
            return self.chances.rest()

    def hold(self) -> None:
        """Keep the caller waiting until the simulator stops, at most half a minute."""
        self.released.wait(30)
