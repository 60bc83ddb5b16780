"""Places: agents always find one, and no address takes them all."""

from __future__ import annotations

from realtime.places import Place, Places

AGENT, CUSTOMER = "/live", "/widget/live"


def takes(places: Places, path: str, count: int, address: str = "198.51.100.1") -> list[Place]:
    """As many places as are to be had, `count` at most."""
    taken = (places.take(path, address) for _ in range(count))
    return [place for place in taken if place is not None]


def test_customers_leave_a_tenth_for_agents() -> None:
    places = Places(capacity=20, per_address=100)
    assert len(takes(places, CUSTOMER, 30)) == 18
    assert len(takes(places, AGENT, 30)) == 2


def test_even_the_smallest_desk_keeps_a_place_for_an_agent() -> None:
    places = Places(capacity=5, per_address=100)
    assert (len(takes(places, CUSTOMER, 9)), len(takes(places, AGENT, 9))) == (4, 1)


def test_agents_may_take_every_place() -> None:
    assert len(takes(Places(capacity=20, per_address=1), AGENT, 30)) == 20


def test_one_address_gets_so_many_and_others_still_find_room() -> None:
    places = Places(capacity=100, per_address=3)
    assert len(takes(places, CUSTOMER, 9, "198.51.100.1")) == 3
    assert len(takes(places, CUSTOMER, 9, "198.51.100.2")) == 3


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    places = Places(capacity=100, per_address=3)
    addresses = [f"2001:db8:0:1::{number}" for number in range(1, 6)]
    assert [places.take(CUSTOMER, address) is not None for address in addresses] == [True] * 3 + [False] * 2
    assert places.take(CUSTOMER, "2001:db8:0:2::1") is not None


def test_an_address_that_is_none_is_limited_too() -> None:
    assert len(takes(Places(capacity=100, per_address=3), CUSTOMER, 9, "")) == 3


def test_a_place_is_given_back_once() -> None:
    places = Places(capacity=20, per_address=1)
    (place,) = takes(places, CUSTOMER, 2)
    place.give_back()
    place.give_back()
    assert places.count == 0
    assert len(takes(places, CUSTOMER, 2)) == 1


def test_a_desk_that_stops_takes_nobody_in() -> None:
    places = Places(capacity=20, per_address=20)
    places.close()
    assert takes(places, AGENT, 1) + takes(places, CUSTOMER, 1) == []
