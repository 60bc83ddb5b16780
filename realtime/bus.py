"""The wire between the processes that publish and the hubs that hold sockets: one Redis channel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from redis import Redis
from redis.client import Pipeline

_TOLD = "deskbell:told"
_TAKEN_AT_ONCE = 500
# What has not changed is said again after this time: whoever missed it hears it then.
_REPEATED_AFTER_SECONDS = 60
# No fragment and no JSON begins like this.
_HANG_UP = "\0hang up"


class Bus:
    """Publishes payloads for topics. Redis holds no truth: whoever misses a frame catches up by revision."""

    def __init__(self) -> None:
        self._redis: Redis | None = None
        self.channel = ""

    @property
    def redis(self) -> Redis:
        """The client, which connects when it is first used."""
        if self._redis is None:
            raise RuntimeError("the bus has no Redis: create_app has not run")
        return self._redis

    def connect_to(self, client: Redis, desk: str) -> None:
        """Use this client from now on.

        Args:
            client: a Redis client.
            desk: a word of this desk's own: channels of Redis know no database numbers, and two desks may share one.
        """
        self._redis, self.channel = client, f"deskbell:live:{desk}"

    def publish(self, topics: Iterable[str], payload: str) -> None:
        """Send a payload to every socket that listens to one of the topics. Raises `redis.RedisError`."""
        self.redis.publish(self.channel, _pack(topics, payload))

    def hang_up(self, topics: Iterable[str]) -> None:
        """Close every socket that listens to one of the topics, for good. Raises `redis.RedisError`."""
        self.publish(topics, _HANG_UP)

    def publish_last(self, frames: Iterable[tuple[Sequence[str], str]], told: Sequence[int]) -> None:
        """Send the last payloads that some events call for and remember, in the same breath, that these were told.

        Raises `redis.RedisError`.
        """
        pipeline = self.redis.pipeline()
        for topics, payload in frames:
            pipeline.publish(self.channel, _pack(topics, payload))
        pipeline.rpush(_TOLD, *told)
        pipeline.execute()

    def publish_change(self, topic: str, payload: str, *, even_if_told: bool = False) -> bool:
        """Send a payload unless the topic was sent the same by this way within the last minute; tells whether it was.

        Both happen in one step, so that what is remembered is always what went out last. Raises `redis.RedisError`.

        Args:
            topic: who hears it.
            payload: what is so now.
            even_if_told: send it in any case.
        """
        key = f"deskbell:last:{topic}"
        sent: list[str] = []

        def step(pipeline: Pipeline) -> None:
            sent.clear()
            last = pipeline.get(key)
            pipeline.multi()
            if even_if_told or last != payload.encode():
                sent.append(payload)
                pipeline.set(key, payload, ex=_REPEATED_AFTER_SECONDS)
                pipeline.publish(self.channel, _pack([topic], payload))

        self.redis.transaction(step, key)
        return bool(sent)

    def take_told(self) -> list[int]:
        """Some of the events that were told and not yet noted; each is given away once. Raises `redis.RedisError`."""
        return [int(event_id) for event_id in self.redis.lpop(_TOLD, _TAKEN_AT_ONCE) or ()]


def _pack(topics: Iterable[str], payload: str) -> str:
    return f"{json.dumps(list(topics))}\n{payload}"


def is_hang_up(payload: str) -> bool:
    """Whether it asks to close the sockets instead of sending them something."""
    return payload == _HANG_UP


def unpack(data: bytes) -> tuple[list[str], str]:
    """Topics and payload of what `Bus.publish` sent."""
    head, _, payload = data.decode().partition("\n")
    return json.loads(head), payload


bus = Bus()
