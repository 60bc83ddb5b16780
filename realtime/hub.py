"""The hub: one Redis listener per web process hands frames to the sockets of that process (docs/adr/0002)."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable
from functools import partial

import redis

from .bus import Bus, is_hang_up, unpack
from .connection import SERVICE_RESTART, SESSION_OVER, Connection
from .frames import BEAT, RESYNC, text_frame
from .places import Place, Places
from .reader import Reader

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_FIRST_TRY_SECONDS = 2.0


class Hub:
    """Who listens to what in this process."""

    def __init__(self, bus: Bus, places: Places, reader: Reader | None = None) -> None:
        self.places = places
        self.stopping = False
        self._bus = bus
        self._reader = reader or Reader()
        self._lock = threading.Lock()
        self._topics: defaultdict[str, set[Connection]] = defaultdict(set)
        self._tried = threading.Event()
        self._stopped = threading.Event()
        self._started = False

    def start(self) -> None:
        """Return once this process is subscribed, so that a browser which then catches up misses nothing.

        Without Redis it does not wait: whoever joins meanwhile is told to catch up when it is back.
        """
        with self._lock:
            if not self._started:
                self._started = True
                self._reader.start()
                threading.Thread(target=self._listen, daemon=True, name="hub").start()
        self._tried.wait(_FIRST_TRY_SECONDS)

    def stop(self) -> None:
        """Tell every browser that we restart and take no new ones; may be called from a signal handler."""
        self.stopping = True
        self._stopped.set()
        self.places.close()
        if self._started:
            self._reader.close_all(SERVICE_RESTART)

    def wait_until_empty(self, seconds: float) -> None:
        """Wait for the browsers' answers to our good-bye, so many seconds at most."""
        self._reader.wait_until_empty(seconds)

    def heard(self) -> list[str]:
        """The topics to which somebody listens here."""
        with self._lock:
            return list(self._topics)

    def hang_up(self, topics: Iterable[str]) -> None:
        """Close every socket of this process that listens to one of the topics, for good."""
        self._reader.close(self._listening_to(topics), SESSION_OVER)

    def join(self, connection: Connection, topics: Iterable[str], place: Place | None = None) -> None:
        """Let a browser listen until it leaves; then its place is given back."""
        topics = tuple(topics)
        connection.on_end = partial(self._leave, connection, topics, place)
        if place is not None:
            place.is_kept = True
        with self._lock:
            for topic in topics:
                self._topics[topic].add(connection)
        # The first frame tells the browser that it misses nothing from here on.
        connection.push(BEAT)
        self._reader.adopt(connection)
        if self.stopping:
            self._reader.close_all(SERVICE_RESTART)

    def _leave(self, connection: Connection, topics: tuple[str, ...], place: Place | None) -> None:
        with self._lock:
            for topic in topics:
                self._topics[topic].discard(connection)
                if not self._topics[topic]:
                    del self._topics[topic]
        if place is not None:
            place.give_back()

    def _listen(self) -> None:
        """Hear frames until the process stops; whatever goes wrong, subscribe again and let browsers catch up."""
        pause, lost = _FIRST_PAUSE, False
        while not self.stopping:
            try:
                with self._bus.redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
                    pubsub.subscribe(self._bus.channel)
                    for message in pubsub.listen():
                        if message["type"] == "subscribe":
                            self._now_subscribed(after_a_gap=lost)
                            pause, lost = _FIRST_PAUSE, False
                        elif message["type"] == "message":
                            self._deliver(message["data"])
            except redis.RedisError as error:
                log.warning("the hub lost Redis: %s", error)
            except Exception:
                log.exception("the hub stumbled")
            lost = True
            self._tried.set()
            self._stopped.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _now_subscribed(self, *, after_a_gap: bool) -> None:
        self._tried.set()
        if after_a_gap:
            self._push_to(self._everyone(), RESYNC)

    def _deliver(self, data: bytes) -> None:
        topics, payload = unpack(data)
        if is_hang_up(payload):
            self.hang_up(topics)
        elif listeners := self._listening_to(topics):
            self._push_to(listeners, text_frame(payload))

    def _listening_to(self, topics: Iterable[str]) -> set[Connection]:
        with self._lock:
            return {connection for topic in topics for connection in self._topics.get(topic, ())}

    def _everyone(self) -> set[Connection]:
        with self._lock:
            return {connection for connections in self._topics.values() for connection in connections}

    @staticmethod
    def _push_to(connections: set[Connection], frame: bytes) -> None:
        for connection in connections:
            connection.push(frame)
