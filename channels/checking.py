"""Checking a channel against its live vendor: what was asked, what came, and whether we can live with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from channels.base import AgentData, Delivery


class Verdict(StrEnum):
    """How an answer stands to what the adapter tolerates. `OPEN`: this time it could not be seen."""

    AGREES = "agrees"
    DIFFERS = "differs"
    OPEN = "not settled"


@dataclass(frozen=True)
class Point:
    """One point of a vendor's interface.

    Args:
        section: of the page under docs/vendors that says what we rely on, such as "§1.7".
        asked: what was looked at, without anything of the account.
        answered: what the vendor really said, in one line.
    """

    section: str
    asked: str
    answered: str
    verdict: Verdict


@dataclass(frozen=True)
class Ground:
    """What a check may look at and do.

    Args:
        visitor: the vendor's id of one whom the channel knows, empty for none.
        agent: in whose name messages are sent to this visitor, None where nothing may be sent.
        earlier: webhooks that came before, oldest first.
        heard: asked again and again for the webhooks that have come since the check began, oldest first.
        patience: seconds to wait for a webhook.
        pause: called between two looks.
    """

    visitor: str = ""
    agent: AgentData | None = None
    earlier: Sequence[Delivery] = ()
    heard: Callable[[], Sequence[Delivery]] = tuple
    patience: float = 60.0
    pause: Callable[[], None] = lambda: time.sleep(0.5)

    def looks(self, seconds: float) -> Iterator[Sequence[Delivery]]:
        """What has been heard, now and again until the time is over; the first look is made at once."""
        end = time.monotonic() + min(seconds, self.patience)
        yield self.heard()
        while time.monotonic() < end:
            self.pause()
            yield self.heard()


def settled(section: str, asked: str, answered: str, *, agrees: bool) -> Point:
    """A point on which the vendor has given an answer."""
    return Point(section, asked, answered, Verdict.AGREES if agrees else Verdict.DIFFERS)


def unsettled(section: str, asked: str, why: str) -> Point:
    """A point on which it has given none."""
    return Point(section, asked, why, Verdict.OPEN)


def printed(point: Point, secrets: Collection[str]) -> str:
    """A point as one line for a terminal, and for whoever is shown it.

    Args:
        point: the point. Keys of objects stand in its answer as the vendor's visitors have made them up.
        secrets: what must not be told: keys, addresses, ids.
    """
    shown = f"{point.verdict:<11}  {point.section:<5} {point.asked}: {point.answered}"
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        shown = shown.replace(secret, "…")
    return "".join(letter if letter.isprintable() else " " for letter in shown)
