"""What leaves the house in a recording: structure and shapes, and nothing of anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from channels.redaction import Redaction

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WORDS = ("id", "type", "text", "info", "clients")

_LETTERS = "ijklmnopqrstuvwxyzIJKLMNOPQRSTUVWXYZабвгиклмнопßéñ日本語"
_NAMES = st.text(_LETTERS, min_size=5, max_size=20)
_EMAILS = st.emails()
_PHONES = st.from_regex(r"\+[0-9]{2} [0-9]{3} [0-9]{5,7}", fullmatch=True)
_ADDRESSES = st.ip_addresses().map(str).filter(lambda address: len(address) > 6)
_IDS = st.text("23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz", min_size=17, max_size=48)
_SECRETS = st.one_of(_NAMES, _EMAILS, _PHONES, _ADDRESSES, _IDS)


def redaction(everything: object = None) -> Redaction:
    return Redaction(everything, words=WORDS, named={("type",)}, ours=("deskbell",), now=NOW)


# JSON in which a secret stands wherever somebody may have put it.
_LEAVES = st.sampled_from(["{}", "Dear {}, ", "https://shop.example/{}", "client", None, True, 3])
_KEYS = st.sampled_from([*WORDS, "email", "a field of the site"])
_AROUND = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_KEPT = json.dumps([*WORDS, "email", "a field of the site", "client", "https://", "203.0.113", "2001:db8::"])


def filled(body: object, secret: str) -> object:
    """The same with the secret in it."""
    if isinstance(body, list):
        return [filled(inner, secret) for inner in body]
    if isinstance(body, dict):
        return {key: filled(inner, secret) for key, inner in body.items()}
    return body.replace("{}", secret) if isinstance(body, str) else body


@pytest.mark.slow
@given(secret=_SECRETS, around=_AROUND)
@settings(max_examples=200, deadline=None, database=None)
def test_no_secret_survives_wherever_it_stands(secret: str, around: object) -> None:
    # What is nothing but letters of the placeholders cannot be told from one.
    assume(set(secret.casefold()) - set("abcdefghабвгдежз23456789.@-: "))
    assume(secret not in _KEPT)
    body = {"info": filled(around, secret)}
    found = redaction(body)
    said = json.dumps([found.value(body), found.path(f"/clients/{secret}")], ensure_ascii=False)
    assert secret not in said


@given(
    st.recursive(
        st.text() | st.integers() | st.floats() | st.booleans() | st.none(), lambda i: st.lists(i), max_leaves=8
    )
)
@settings(max_examples=100, deadline=None, database=None)
def test_it_takes_anything_and_keeps_its_structure(body: object) -> None:
    found = redaction(body).value(body)
    assert json.loads(json.dumps(found)) == found
    assert shape(found) == shape(body)


def shape(value: object) -> object:
    """What stands where, without what it says."""
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: shape(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, str) and not value.startswith(("2001:", "203.")) else type(value)


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("Maria Meyer", "Aaaaa Aaaaa"),
        ("maria@shop.example", "aaaaa@aaaa.aaaaaaa"),
        ("+49 30 1234567", "+22 22 2222222"),
        ("198.51.100.7", "203.0.113.1"),
        ("2001:db8:aa::7", "2001:db8::1"),
        ("https://shop.example/cart?id=7", "https://aaaa.aaaaaaa/aaaa?aa=2"),
        ("Где мой заказ?", "Ааа ааа ааааа?"),
        ("👍", "🙂"),
        ("2026-11-23T11:59:00.250Z", "2025-12-31T23:59:00.000Z"),
        ("1795435140000", "1767225540000"),
        ("1980-05-06T00:00:00Z", "2222-22-22A22:22:22A"),
        ("0001-01-01T00:00:00+23:00", "2222-22-22A22:22:22+22:22"),
        ("", ""),
        ("?!", "?!"),
        ("deskbell", "deskbell"),
    ],
)
def test_a_placeholder_has_the_shape_of_what_it_stands_for(text: str, placeholder: str) -> None:
    assert redaction().value(text) == placeholder


def test_equal_texts_have_equal_placeholders_and_others_have_others() -> None:
    one, other, again = redaction().value(["k3v9x0p1q2", "z3y9w0p1q2", "k3v9x0p1q2"])
    assert one == again
    assert one != other
    assert redaction().value("Aaaaa") != "Aaaaa"
    some, others = redaction().value(["10.1.2.3", "192.168.17.4"])
    assert some != others


def test_an_id_has_one_placeholder_in_paths_and_bodies() -> None:
    found = redaction()
    assert found.path("/clients/who%40shop.example") == "/clients/" + found.text("who@shop.example").replace("@", "%40")


def test_numbers_stay_numbers_and_recent_times_keep_their_distance() -> None:
    first, later = 1795435140000, 1795435200000
    assert redaction().value([first, later, 4711, -1.5, float("nan"), 10**40, True, None]) == [
        *(1767225540000, 1767225600000, 2222, -2.2, 2.5),
        *(int("2" * 41), True, None),
    ]


def test_words_of_the_vendors_own_stay_unless_somebody_is_called_so() -> None:
    body = {"type": "hologram", "text": "Hi", "info": {"type": "Maria Meyer"}}
    assert redaction(body).value(body) == {"type": "hologram", "text": "Aa", "info": {"type": "Aaaaa Aaaaa"}}
    told = {"type": "maria", "info": ["Maria"]}
    assert redaction(told).value(told)["type"] == "aaaaa"


def test_a_word_stays_where_the_vendor_has_it_and_nowhere_else() -> None:
    found = Redaction({"webhook": {}}, words=WORDS, named={("webhook", "messages", "type")}, now=NOW)
    body = {
        "type": "Schmidt",
        "messages": [{"type": "client"}],
        "info": {"type": "Diabetes", "messages": {"type": "A"}},
    }
    assert found.value(body, "webhook") == {
        "type": "Aaaaaaa",
        "messages": [{"type": "client"}],
        "info": {"type": "Aaaaaaaa", "messages": {"type": "B"}},
    }


@pytest.mark.parametrize("key", ["Plan", "lastActivity", "Номер заказа", "utm_source", "text", "conversationStart"])
def test_the_names_of_keys_stay(key: str) -> None:
    assert redaction({key: "text"}).key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        *("maria@shop.example", "4930123456", "XkDsxHtLppJTJ3vZa", "XkDsxHtLppJTJavZa", "a" * 70, ""),
        *("https://shop.example/reset/maria", "reset/maria"),
    ],
)
def test_a_key_that_looks_like_somebodys_does_not(key: str) -> None:
    assert redaction().key(key) != key or key == ""


def test_a_key_that_says_what_stands_elsewhere_does_not_stay_either() -> None:
    assert redaction(["Meyer"]).key("Meyers plan") == "Aaaaaa aaaa"


def test_of_headers_only_those_stay_that_say_how_to_read_and_how_often_to_call() -> None:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-ratelimit-remaining": "59",
        "ratelimit-limit": "100;w=60",
        "retry-after": "Mon, 23 Nov 2026 12:00:00 GMT",
        "set-cookie": "session=4711",
        "authorization": "Chatra.Simple a:b",
    }
    assert redaction().headers(headers) == {
        "content-type": "application/json",
        "x-ratelimit-remaining": "59",
        "ratelimit-limit": "100;w=60",
        "retry-after": "Aaa, 22 Aaa 2222 22:22:22 AAA",
    }
