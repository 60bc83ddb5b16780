"""The courier: brings deliveries to their receivers in the background, each visitor's in order."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from zlib import crc32

from tests.vendors.chatra.faults import Faults

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Parcel:
    """One delivery, about one visitor. `answers` holds the status of every attempt, 0 where nobody answered.

    `is_late`: it is held back until it was overtaken; `held` is by how many it still is to be.
    """

    event: str
    client_id: str
    raw: bytes
    answers: list[int] = field(default_factory=list)
    dropped: bool = False
    copies: int = 1
    is_late: bool = False
    held: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = json.loads(self.raw)
        return decoded


class Courier:
    """Sends each event to the address that is set for it (chatra.md §2.1), or keeps it unsent where none is.

    Args:
        targets: address by event; may change at any time.
        faults: what goes wrong.
        tick: called about every second, for what falls due by the clock.
        lanes: how many deliveries are under way at once. A visitor's always go by the same lane.
    """

    def __init__(self, targets: Mapping[str, str], faults: Faults, tick: Callable[[], None], lanes: int = 1) -> None:
        self.parcels: list[Parcel] = []
        self._faults = faults
        self._lanes = [_Lane(targets, faults, tick if not number else _do_nothing) for number in range(lanes)]

    def start(self) -> None:
        """Begin to deliver."""
        for lane in self._lanes:
            lane.thread.start()

    def stop(self) -> None:
        """Stop after the parcels that are on their way."""
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            lane.thread.join()

    def send(self, event: str, body: Mapping[str, Any]) -> None:
        """Hand over a delivery, and let chance decide how it will fare."""
        chances, client_id = self._faults.chances, str(body["client"]["id"])
        parcel = Parcel(event, client_id, json.dumps(body).encode())
        parcel.dropped = event != "chatTranscript" and chances.strike(chances.lost)
        parcel.is_late = chances.strike(chances.late)
        parcel.held = chances.overtaken_by if parcel.is_late else 0
        parcel.copies += chances.strike(chances.doubled)
        self.parcels.append(parcel)
        self._lanes[crc32(client_id.encode()) % len(self._lanes)].take_over(parcel)

    def drain(self, timeout: float) -> None:
        """Wait until everything is delivered. Raises `TimeoutError` after `timeout` seconds."""
        for lane in self._lanes:
            lane.hurry()
        unsent = sum(lane.wait(timeout) for lane in self._lanes)
        if unsent:
            raise TimeoutError(f"{unsent} deliveries are still under way")


class _Lane:
    """One thread that brings parcels, one after the other, in order unless a fault says otherwise."""

    def __init__(self, targets: Mapping[str, str], faults: Faults, tick: Callable[[], None]) -> None:
        self.thread = threading.Thread(target=self._run, name="chatra-courier", daemon=True)
        self._targets = targets
        self._faults = faults
        self._tick = tick
        self._waiting: list[Parcel] = []
        self._unsent = 0
        self._draining = False
        self._stopped = threading.Event()
        self._changed = threading.Condition()

    def stop(self) -> None:
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def take_over(self, parcel: Parcel) -> None:
        with self._changed:
            self._waiting.append(parcel)
            self._unsent += 1
            self._changed.notify_all()

    def hurry(self) -> None:
        """Bring what is there, without waiting for more to mix it with."""
        with self._changed:
            self._draining = True
            self._changed.notify_all()

    def wait(self, timeout: float) -> int:
        """Wait until everything is delivered; returns how much is not."""
        with self._changed:
            self._changed.wait_for(lambda: not self._unsent, timeout)
            self._draining = False
            return self._unsent

    def _run(self) -> None:
        while not self._stopped.is_set():
            batch = self._take()
            for parcel in batch:
                self._bring(parcel)
            with self._changed:
                self._unsent -= len(batch)
                self._changed.notify_all()
            self._tick()

    def _take(self) -> list[Parcel]:
        """Wait for the next parcel, or for as many as are to be mixed up."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped.is_set() or self._ready(), timeout=1)
            if not self._ready():
                return []
            size = max(1, self._faults.reorder)
            return [self._next() for _ in self._waiting[:size]][::-1]

    def _ready(self) -> bool:
        if self._draining:
            return bool(self._waiting)
        return len(self._waiting) >= max(1, self._faults.reorder) and not all(one.held for one in self._waiting)

    def _next(self) -> Parcel:
        """Take the first parcel that is not held back; it overtakes those of its visitor that are."""
        place = next((place for place, parcel in enumerate(self._waiting) if not parcel.held), 0)
        taken = self._waiting.pop(place)
        for passed in self._waiting[:place]:
            passed.held -= passed.client_id == taken.client_id
        return taken

    def _bring(self, parcel: Parcel) -> None:
        if self._faults.drop:
            self._faults.drop -= 1
            parcel.dropped = True
        if parcel.dropped:
            return
        self._stopped.wait(self._faults.delay)
        for _ in range(max(self._faults.copies, parcel.copies)):
            self._bring_once(parcel)

    def _bring_once(self, parcel: Parcel) -> None:
        """Send one copy, again if the receiver fails and retries are switched on."""
        url = self._targets.get(parcel.event)
        if not url:
            return
        for _ in range(1 + self._faults.retries):
            parcel.answers.append(_post(url, parcel.raw))
            if 0 < parcel.answers[-1] < 500:
                return
            self._stopped.wait(self._faults.retry_delay)


def _do_nothing() -> None:
    """Let the first lane look at the clock."""


def _post(url: str, raw: bytes) -> int:
    request = urllib.request.Request(url, raw, {"Content-Type": "application/json"}, method="POST")
    try:
        with _DIRECT.open(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
    except (OSError, HTTPException):
        return 0
