"""The wire between the processes that publish and the hubs that hold sockets: one Redis channel."""

from __future__ import annotations

import json
from collections.abc import Iterable

from redis import Redis

CHANNEL = "deskbell:live"


class Bus:
    """Publishes frames for topics. Redis holds no truth: whoever misses a frame catches up by revision."""

    def __init__(self) -> None:
        self._redis: Redis | None = None

    @property
    def redis(self) -> Redis:
        """The client, which connects when it is first used."""
        if self._redis is None:
            raise RuntimeError("the bus has no Redis: create_app has not run")
        return self._redis

    def connect_to(self, client: Redis) -> None:
        """Use this client from now on."""
        self._redis = client

    def publish(self, topics: Iterable[str], payload: str) -> None:
        """Send a payload to every socket that listens to one of the topics. Raises `redis.RedisError`."""
        self.redis.publish(CHANNEL, f"{json.dumps(list(topics))}\n{payload}")


def unpack(data: bytes) -> tuple[list[str], str]:
    """Topics and payload of what `Bus.publish` sent."""
    head, _, payload = data.decode().partition("\n")
    return json.loads(head), payload


bus = Bus()
