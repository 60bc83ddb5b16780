"""Places: how many sockets this process takes, so that it never runs out of memory, files or room for agents."""

from __future__ import annotations

import threading
from collections import Counter
from ipaddress import ip_address, ip_network

AGENTS_SOCKET = "/live"
_SHARE_OF_AGENTS = 10


class Place:
    """Room for one socket, given back once however often it is said."""

    def __init__(self, places: Places, neighbourhood: str) -> None:
        self._places = places
        self._neighbourhood = neighbourhood
        self.is_kept = False

    def give_back(self) -> None:
        """Let somebody else have it."""
        self._places._free(self, self._neighbourhood)


class Places:
    """Counts sockets. The last tenth of the places is kept for agents, and one address gets only so many.

    Args:
        capacity: sockets at most.
        per_address: sockets of customers that one address may have; agents, who are known, are not counted.
    """

    def __init__(self, capacity: int, per_address: int) -> None:
        self._capacity = capacity
        self._for_customers = capacity - max(1, capacity // _SHARE_OF_AGENTS)
        self._per_address = per_address
        self._taken: set[Place] = set()
        self._neighbours: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many are taken."""
        return len(self._taken)

    def take(self, path: str, address: str) -> Place | None:
        """A place for a socket at this path, before its handshake; None when there is none.

        Args:
            path: of the request; it tells agents from customers.
            address: of the browser. IPv6 addresses count by their network of 64 bits, which is one household's.
        """
        neighbourhood = "" if path == AGENTS_SOCKET else _neighbourhood(address)
        with self._lock:
            if not self._has_room_for(neighbourhood):
                return None
            place = Place(self, neighbourhood)
            self._taken.add(place)
            self._neighbours[neighbourhood] += 1
            return place

    def close(self) -> None:
        """Take nobody in any more."""
        with self._lock:
            self._capacity = self._for_customers = 0

    def _has_room_for(self, neighbourhood: str) -> bool:
        if not neighbourhood:
            return len(self._taken) < self._capacity
        return len(self._taken) < self._for_customers and self._neighbours[neighbourhood] < self._per_address

    def _free(self, place: Place, neighbourhood: str) -> None:
        with self._lock:
            if place in self._taken:
                self._taken.remove(place)
                self._neighbours[neighbourhood] -= 1
                if not self._neighbours[neighbourhood]:
                    del self._neighbours[neighbourhood]


def _neighbourhood(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
