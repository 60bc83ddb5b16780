"""The hub: one Redis listener per web process hands frames to the sockets of that process (docs/adr/0002)."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable

import redis

from .bus import Bus, unpack
from .socket import SERVICE_RESTART, Connection, text_frame

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 12
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_BEAT = text_frame('{"beat": 1}')
_RESYNC = text_frame('{"resync": true}')


class Hub:
    """Who listens to what in this process.

    `capacity` sockets at most; the gate refuses further ones so that pages never run out of threads.
    """

    def __init__(self, bus: Bus, capacity: int) -> None:
        self.capacity = capacity
        self.count = 0
        self.stopping = False
        self._bus = bus
        self._lock = threading.Lock()
        self._topics: defaultdict[str, set[Connection]] = defaultdict(set)
        self._subscribed = threading.Event()
        self._stopped = threading.Event()
        self._started = False

    def start(self) -> None:
        """Return once this process is subscribed, so that a browser which then catches up misses nothing."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self._listen, daemon=True, name="hub").start()
                threading.Thread(target=self._beat, daemon=True, name="hub heartbeat").start()
        self._subscribed.wait(2)

    def stop(self) -> None:
        """Tell every browser that we restart; from a signal handler, hence the thread."""
        self.stopping = True
        self._stopped.set()
        threading.Thread(target=self._close_all, daemon=True).start()

    def join(self, connection: Connection, topics: Iterable[str]) -> None:
        """Let a socket listen."""
        with self._lock:
            for topic in topics:
                self._topics[topic].add(connection)
        # The first frame tells the browser that it misses nothing from here on.
        connection.push(_BEAT)

    def leave(self, connection: Connection, topics: Iterable[str]) -> None:
        """Forget a socket."""
        with self._lock:
            for topic in topics:
                self._topics[topic].discard(connection)
                if not self._topics[topic]:
                    del self._topics[topic]

    def enter(self) -> bool:
        """Take a place for a socket, before its handshake; False when none is left or the process stops."""
        with self._lock:
            if self.stopping or self.count >= self.capacity:
                return False
            self.count += 1
            return True

    def exit(self) -> None:
        """Give the place back."""
        with self._lock:
            self.count -= 1

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
            self._subscribed.clear()
            lost = True
            self._stopped.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _now_subscribed(self, *, after_a_gap: bool) -> None:
        self._subscribed.set()
        if after_a_gap:
            self._push_to(self._everyone(), _RESYNC)

    def _beat(self) -> None:
        while not self._stopped.wait(HEARTBEAT_SECONDS):
            self._push_to(self._everyone(), _BEAT)

    def _deliver(self, data: bytes) -> None:
        topics, payload = unpack(data)
        with self._lock:
            listeners = {connection for topic in topics for connection in self._topics.get(topic, ())}
        if listeners:
            self._push_to(listeners, text_frame(payload))

    def _everyone(self) -> set[Connection]:
        with self._lock:
            return {connection for connections in self._topics.values() for connection in connections}

    def _close_all(self) -> None:
        for connection in self._everyone():
            connection.close(SERVICE_RESTART)

    @staticmethod
    def _push_to(connections: set[Connection], frame: bytes) -> None:
        for connection in connections:
            connection.push(frame)
