"""What is known about a Chatra visitor and how it is shown (chatra.md §1.7)."""

from __future__ import annotations

from typing import Any

import pytest

from channels.base import UNNAMED
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
        ("Last visit", "2026-01-01T00:00:00+00:00"),
        ("IP address", "203.0.113.7"),
        ("Chat language", "de"),
        ("Browser", "Chrome, 126"),
        ("OS version", "Windows 10"),
        ("Location", "Berlin, DE"),
        ("Plan", "Gold"),
        ("Orders", "3"),
        ("unnamed:XkDsxHtLppJTJ3vZa", "blue"),
        ("unnamed:BKjdxwGNFhDE4DJ2x", "yes"),
    ]


def test_a_field_without_a_property_key_is_marked_as_one_that_nobody_can_read() -> None:
    assert customer({"info": {"XkDsxHtLppJTJ3vZa": "one"}}).details == {UNNAMED + "XkDsxHtLppJTJ3vZa": "one"}


@pytest.mark.parametrize("place", ["customFields", "fields", "form", "contactForm"])
@pytest.mark.parametrize(
    ("written", "label"),
    [
        ({"Plan": "Gold"}, "Plan"),
        ({"XkDsxHtLppJTJ3vZa": {"label": "Plan", "value": "Gold"}}, "Plan"),
        ({"XkDsxHtLppJTJ3vZa": {"value": "Gold"}}, UNNAMED + "XkDsxHtLppJTJ3vZa"),
        ([{"id": "XkDsxHtLppJTJ3vZa", "propertyKey": "Plan", "label": "Which plan?", "value": "Gold"}], "Plan"),
        ([{"id": "XkDsxHtLppJTJ3vZa", "label": "Which plan?", "answer": "Gold"}], "Which plan?"),
        ([{"id": "XkDsxHtLppJTJ3vZa", "value": "Gold"}], UNNAMED + "XkDsxHtLppJTJ3vZa"),
        ([{"_id": "XkDsxHtLppJTJ3vZa", "value": "Gold"}], UNNAMED + "XkDsxHtLppJTJ3vZa"),
        ([{"fieldId": "a1", "value": "Gold"}], UNNAMED + "1"),
        (["not an object", {"label": "Empty", "value": ""}, {"value": "Gold"}], UNNAMED + "2"),
    ],
)
def test_answers_to_a_contact_form_are_found_wherever_chatra_may_keep_them(
    place: str, written: object, label: str
) -> None:
    assert customer({place: written}).details == {label: "Gold"}


def test_what_else_chatra_tells_is_shown_too_but_no_ids_and_nothing_empty() -> None:
    told = {"timezone": "Europe/Berlin", "link": "https://app.example/c/1", "score": 3, "visits": None, "tags": []}
    ids = {"agentId": "bnRzp4CioKudG4aHx", "account": {"id": "bnRzp4CioKudG4aHx"}, "groupId": "g", "group": {"id": "g"}}
    shown = {"timezone": "Europe/Berlin", "Chat in Chatra": "https://app.example/c/1", "score": "3"}
    assert customer({**told, **ids}).details == shown


OUR_LABELS = ["Last visit", "IP address", "Chat language", "Browser", "OS version", "Location", "Pages"]


@pytest.mark.parametrize(
    "label", ["Chat\u200b in Chatra", "Chat\u202e in Chatra", "Chat\xa0in\tChatra:", "\uff23hat in Chatra"]
)
def test_a_label_that_looks_like_one_of_ours_is_known_to_be_the_sites(label: str) -> None:
    (shown,) = customer({"info": {label: "https://evil.example"}}).details
    assert shown.endswith(" (site)")


@pytest.mark.parametrize("label", [*OUR_LABELS, "Chat in Chatra", "chat in chatra", "CHAT IN  CHATRA"])
def test_a_sites_own_field_never_takes_a_label_of_ours(label: str) -> None:
    made_up = "https://evil.example"
    for source in ("info", "integrationData", "basicInfo", "customFields"):
        assert made_up not in customer({"ip": "203.0.113.7", source: {label: made_up}}).details.get(label, "")
        found = customer({"ip": "203.0.113.7", "link": "https://app.example/c/1", source: {label: made_up}}).details
        assert found["Chat in Chatra"] == "https://app.example/c/1"
        assert found["IP address"] == "203.0.113.7"
        assert found[f"{' '.join(label.split())} (site)"] == made_up


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
