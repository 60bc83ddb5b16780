"""What is known about a Chatra visitor and how it is shown (chatra.md §1.7)."""

from __future__ import annotations

from typing import Any

import pytest

from channels.chatra.visitors import customer

WHOLE = {
    "id": "c1",
    "displayedName": "Visitor 5",
    "basicInfo": {"name": "Maria", "email": "maria@shop.example", "phone": None, "notes": "rude"},
    "integrationData": {"name": "mary1", "phone": "+15550100", "Plan": "Gold"},
    "info": {"name": "mary1", "Plan": "Gold", "Orders": 3, "XkDsxHtLppJTJ3vZa": "blue", "BKjdxwGNFhDE4DJ2x": True},
    "country": "DE",
    "city": "Berlin",
    "os": "Windows 10",
    "browser": {"name": "Chrome", "version": 126},
    "language": "de",
    "ip": "203.0.113.7",
    "lastVisit": 1767225600000,
}


def test_an_agents_edit_wins_over_what_the_page_passed() -> None:
    found = customer(WHOLE)
    assert (found.external_id, found.name, found.email, found.phone) == (
        "c1",
        "Maria",
        "maria@shop.example",
        "+15550100",
    )


def test_the_details_are_labelled_readable_and_in_order() -> None:
    assert list(customer(WHOLE).details.items()) == [
        ("Last visit", "2026-01-01 00:00 UTC"),
        ("IP address", "203.0.113.7"),
        ("Chat language", "de"),
        ("Browser", "Chrome, 126"),
        ("OS version", "Windows 10"),
        ("Location", "Berlin, DE"),
        ("Plan", "Gold"),
        ("Orders", "3"),
        ("Custom field 1", "yes"),
        ("Custom field 2", "blue"),
    ]


def test_a_field_without_a_property_key_never_shows_its_random_one() -> None:
    numbered = {"XkDsxHtLppJTJ3vZa": "one", "BKjdxwGNFhDE4DJ2x": "two"}
    backwards = dict(reversed(numbered.items()))
    assert customer({"info": numbered}).details == {"Custom field 1": "two", "Custom field 2": "one"}
    assert customer({"info": backwards}).details == {"Custom field 1": "two", "Custom field 2": "one"}


def test_a_sites_own_field_does_not_hide_what_chatra_knows() -> None:
    found = customer({"ip": "203.0.113.7", "info": {"IP address": "made up"}})
    assert found.details == {"IP address": "203.0.113.7"}


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ({"info": {"name": "Maria"}, "displayedName": "Visitor 5"}, "Maria"),
        ({"info": {"name": ""}, "displayedName": " Visitor 5 "}, "Visitor 5"),
        ({"displayedName": None}, ""),
        ({}, ""),
        ({"info": "Maria", "basicInfo": ["Maria"]}, ""),
    ],
)
def test_the_name_falls_back_to_the_displayed_one(client: dict[str, Any], name: str) -> None:
    assert customer(client).name == name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Gold", "Gold"),
        (1234567.5, "1234567.5"),
        (False, "no"),
        (["a", None, "b"], "a, b"),
        ({"city": "Berlin", "country": "DE"}, "Berlin, DE"),
        ([[["too deep"]]], None),
        (None, None),
        ("  ", None),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, shown: str | None) -> None:
    assert customer({"info": {"Field": value}}).details.get("Field") == shown


def test_a_last_visit_that_is_no_time_is_shown_as_it_is() -> None:
    assert customer({"lastVisit": "yesterday"}).details == {"Last visit": "yesterday"}
