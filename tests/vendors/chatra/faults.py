"""What can be made to go wrong (chatra.md §9.9)."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class RestFault:
    """What happens to one REST call instead of the usual.

    Args:
        status: answer this instead, 0 for the usual answer.
        retry_after: value of the header, empty for none.
        hang: keep the caller waiting "before" doing anything, or "after" having done it all.
    """

    status: int = 0
    retry_after: str = ""
    hang: Literal["", "before", "after"] = ""


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
    """

    copies: int = 1
    reorder: int = 0
    delay: float = 0.0
    drop: int = 0
    retries: int = 0
    retry_delay: float = 0.0
    rest: deque[RestFault] = field(default_factory=deque)
    released: threading.Event = field(default_factory=threading.Event)

    def fail(self, status: int = 0, *, retry_after: str = "", hang: Literal["", "before", "after"] = "") -> None:
        """Let the next REST call that has no fault yet go wrong."""
        self.rest.append(RestFault(status, retry_after, hang))

    def take(self) -> RestFault | None:
        """Return the fault of the call that has just come in."""
        try:
            return self.rest.popleft()
        except IndexError:
            return None

    def hold(self) -> None:
        """Keep the caller waiting until the simulator stops, at most half a minute."""
        self.released.wait(30)
