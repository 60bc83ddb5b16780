"""The hub's books: who listens to what, and that nothing is left of those who went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest
from redis import Redis

from realtime.bus import Bus
from realtime.connection import SERVICE_RESTART, Connection
from realtime.hub import Hub
from realtime.places import Places
from tests.processes.running import eventually
from tests.realtime.listening import BEAT, TEXT, Frame, Listener
from tests.realtime.wires import connected
from tests.redis import RealRedis


@pytest.fixture
def bus(real_redis: RealRedis) -> Bus:
    bus = Bus()
    bus.connect_to(Redis.from_url(real_redis.url), "desk")
    return bus


@pytest.fixture
def hub(bus: Bus) -> Iterator[Hub]:
    """A hub that hears the bus."""
    hub = Hub(bus, Places(capacity=10, per_address=10))
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def browsers() -> Iterator[list[tuple[Connection, Listener]]]:
    """Three browsers whose handshake is done."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected()) for _ in range(3)]


Browsers = list[tuple[Connection, Listener]]


def test_the_first_frame_after_joining_is_a_heartbeat_at_once(hub: Hub, browsers: Browsers) -> None:
    (connection, listener), *_ = browsers
    hub.join(connection, ["agent:1"])
    assert listener.frame() == Frame(TEXT, BEAT.encode())


def test_a_frame_reaches_those_who_listen_to_one_of_its_topics_once(hub: Hub, bus: Bus, browsers: Browsers) -> None:
    for (connection, _), topics in zip(browsers, (["agent:1"], ["agent:1", "agent:2"], ["customer:x"]), strict=True):
        hub.join(connection, topics)
    bus.publish(["agent:1", "agent:2"], "for agents")
    bus.publish(["agent:2", "customer:x"], "for others")
    bus.publish(["agent:1", "customer:x"], "the end")
    heard = [[listener.news() for _ in range(count)] for count, (_, listener) in zip((2, 3, 2), browsers, strict=True)]
    assert heard == [["for agents", "the end"], ["for agents", "for others", "the end"], ["for others", "the end"]]


def test_who_left_hears_nothing_more_and_gives_back_the_place(hub: Hub, bus: Bus, browsers: Browsers) -> None:
    (gone, at_gone), (stays, at_stays), _ = browsers
    place = hub.places.take("/live", "")
    hub.join(gone, ["agent:1", "agent:2"], place)
    hub.join(stays, ["agent:1"])
    assert hub.places.count == 1
    at_gone.raw.close()
    assert eventually(lambda: hub.places.count == 0)
    assert dict(hub._topics) == {"agent:1": {stays}}
    bus.publish(["agent:1"], "news")
    assert at_stays.news() == "news"


def test_without_redis_nobody_waits_long_to_join(tmp_path: Path, browsers: Browsers) -> None:
    nowhere = Bus()
    nowhere.connect_to(Redis.from_url(f"unix://{tmp_path}/none.sock"), "desk")
    hub, (connection, listener) = Hub(nowhere, Places(10, 10)), browsers[0]
    hub.start()
    began = monotonic()
    hub.start()
    assert monotonic() - began < 1
    hub.join(connection, ["agent:1"])
    assert listener.frame() == Frame(TEXT, BEAT.encode())
    hub.stop()


def test_two_desks_on_one_redis_do_not_hear_each_other(hub: Hub, bus: Bus, browsers: Browsers) -> None:
    neighbour = Bus()
    neighbour.connect_to(bus.redis, "another desk")
    (connection, listener), *_ = browsers
    hub.join(connection, ["agent:1"])
    neighbour.publish(["agent:1"], "not for us")
    bus.publish(["agent:1"], "for us")
    assert listener.news() == "for us"


def test_a_frame_that_makes_no_sense_does_not_silence_the_hub(hub: Hub, bus: Bus, browsers: Browsers) -> None:
    (connection, listener), *_ = browsers
    hub.join(connection, ["agent:1"])
    bus.redis.publish(bus.channel, b"\xff nonsense")
    assert listener.news() == '{"resync": true}'
    bus.publish(["agent:1"], "still here")
    assert listener.news() == "still here"


def test_a_hub_that_stops_says_good_bye_to_everyone_and_lets_nobody_in(hub: Hub, browsers: Browsers) -> None:
    for connection, _ in browsers:
        hub.join(connection, ["agent:1"])
    hub.stop()
    assert hub.places.take("/live", "") is None
    assert [listener.close_code() for _, listener in browsers] == [SERVICE_RESTART] * 3
