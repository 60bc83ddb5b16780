"""The courier: brings deliveries to their receivers, in order, from one background thread."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from tests.vendors.chatra.faults import Faults

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Parcel:
    """One delivery. `answers` holds the status of every attempt, 0 where nobody answered."""

    event: str
    raw: bytes
    answers: list[int] = field(default_factory=list)
    dropped: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = json.loads(self.raw)
        return decoded


class Courier:
    """Sends each event to the address that is set for it (chatra.md §2.1), or keeps it unsent where none is.

    Args:
        targets: address by event; may change at any time.
        tick: called about every second, for what falls due by the clock.
    """

    def __init__(self, targets: Mapping[str, str], faults: Faults, tick: Callable[[], None]) -> None:
        self.parcels: list[Parcel] = []
        self._targets = targets
        self._faults = faults
        self._tick = tick
        self._waiting: list[Parcel] = []
        self._unsent = 0
        self._draining = False
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="chatra-courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the parcel that is on its way."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()

    def send(self, event: str, body: Mapping[str, Any]) -> None:
        """Hand over a delivery."""
        parcel = Parcel(event, json.dumps(body).encode())
        with self._changed:
            self.parcels.append(parcel)
            self._waiting.append(parcel)
            self._unsent += 1
            self._changed.notify_all()

    def drain(self, timeout: float) -> None:
        """Wait until everything is delivered. Raises `TimeoutError` after `timeout` seconds."""
        with self._changed:
            self._draining = True
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: not self._unsent, timeout)
            self._draining = False
        if not done:
            raise TimeoutError(f"{self._unsent} deliveries are still under way")

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
            size = max(1, self._faults.reorder) if self._ready() else 0
            batch, self._waiting = self._waiting[:size], self._waiting[size:]
            return batch[::-1]

    def _ready(self) -> bool:
        enough = len(self._waiting) >= max(1, self._faults.reorder)
        return enough or (self._draining and bool(self._waiting))

    def _bring(self, parcel: Parcel) -> None:
        if self._faults.drop:
            self._faults.drop -= 1
            parcel.dropped = True
            return
        self._stopped.wait(self._faults.delay)
        for _ in range(self._faults.copies):
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
