"""What holds for every adapter: one class over all kinds, over real payloads and over anything JSON can say."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Adapter, Author, ChannelError, Delivery, Fetch, Inbound, IncomingMessage, Rejected
from channels.registry import KINDS
from tests.channels import factories

SAMPLES = sorted(factories.PAYLOADS.glob("*/*.json"))
FAMILIES = {"live_chat"}

_NAMES = """
    eventName client id chatId info basicInfo integrationData displayedName group groupId agents messages message
    type text createdAt timestamp receivedFrom isPushed agentId agentName name email ip location lastVisit
"""
_KEYS = st.sampled_from(_NAMES.split())
_WORDS = st.sampled_from(["chatStarted", "chatFragment", "client", "agent", "system", "deskbell", "1767225600000"])
_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS
_ANYTHING = st.recursive(
    _VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(max_size=4), inner, max_size=6)
)
_BODIES = st.dictionaries(_KEYS, _ANYTHING, max_size=8)


def sample(path: Path) -> Delivery:
    return factories.arrived(path.read_bytes())


def kind_and_name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def outcome_of(adapter: Adapter) -> str:
    """What became of telling an adapter that somebody is there."""
    try:
        adapter.show_presence(factories.presence())
    except ChannelError as error:
        return error.reason
    return "told"


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.slow
class TestEveryAdapter:
    def test_says_what_it_is(self, kind: str) -> None:
        adapter = KINDS[kind]
        assert adapter.kind == kind
        assert adapter.family in FAMILIES
        assert adapter.title
        assert adapter.capabilities.longest_text > 0

    @given(body=_BODIES, fetched=st.booleans())
    @settings(max_examples=50, deadline=None, database=None)
    def test_reads_anything_without_breaking(self, kind: str, body: dict[str, Any], fetched: bool) -> None:
        adapter = factories.adapter(kind)
        delivery = factories.delivery(body, fetched=fetched)
        found = adapter.parse(delivery)
        assert all(isinstance(item, get_args(Inbound)) for item in found)
        assert isinstance(adapter.conversation(delivery), str)
        assert adapter.key(delivery)

    @given(body=_BODIES)
    @settings(max_examples=50, deadline=None, database=None)
    def test_rejects_with_a_reason_or_not_at_all(self, kind: str, body: dict[str, Any]) -> None:
        reason = "none"
        try:
            factories.adapter(kind).verify(factories.delivery(body))
        except Rejected as rejected:
            reason = str(rejected)
        assert reason

    @given(body=_BODIES)
    @settings(max_examples=50, deadline=None, database=None)
    def test_reads_the_same_twice_and_changes_nothing(self, kind: str, body: dict[str, Any]) -> None:
        adapter = factories.adapter(kind)
        before = copy.deepcopy(body)
        delivery = factories.delivery(body)
        assert adapter.parse(delivery) == adapter.parse(delivery)
        assert repr(body) == repr(before)

    @given(body=_BODIES)
    @settings(max_examples=50, deadline=None, database=None)
    def test_gives_only_text_that_every_database_takes(self, kind: str, body: dict[str, Any]) -> None:
        for item in factories.adapter(kind).parse(factories.delivery(body)):
            repr(item).encode("utf-8")
            if isinstance(item, IncomingMessage):
                assert "\x00" not in item.text + item.external_id + item.conversation

    def test_never_shows_its_keys(self, kind: str) -> None:
        adapter = factories.adapter(kind)
        assert factories.SECRET_KEY not in repr(adapter) + repr(factories.connection(kind))

    def test_fails_to_call_only_with_a_channel_error(self, kind: str) -> None:
        adapter = factories.adapter(kind, timeout=1)
        with contextlib.suppress(ChannelError):
            adapter.connect()
        with contextlib.suppress(ChannelError):
            adapter.perform(factories.reply())
        with contextlib.suppress(ChannelError):
            adapter.fetch(Fetch("a", "client", "a"))
        with contextlib.suppress(ChannelError):
            adapter.show_presence(factories.presence())

    def test_may_be_told_the_same_presence_twice(self, kind: str) -> None:
        adapter = factories.adapter(kind, timeout=1)
        if not adapter.capabilities.presence:
            with pytest.raises(ChannelError) as refused:
                adapter.show_presence(factories.presence())
            assert refused.value.permanent
        outcomes = [outcome_of(adapter) for _ in range(2)]
        assert outcomes[0] == outcomes[1]

    def test_forgets_presence_only_where_it_shows_it_and_not_before_it_can_be_told_again(self, kind: str) -> None:
        can = KINDS[kind].capabilities
        assert can.presence_ttl is None or (can.presence and can.presence_ttl >= 60)


@pytest.mark.parametrize("path", SAMPLES, ids=kind_and_name)
class TestEveryPayload:
    def test_is_accepted_and_understood(self, path: Path) -> None:
        adapter = factories.adapter(path.parent.name)
        adapter.verify(sample(path))
        messages = [item for item in adapter.parse(sample(path)) if isinstance(item, IncomingMessage)]
        assert messages[0].text == "Hi!"
        assert messages[0].author is Author.CUSTOMER
        assert {message.conversation for message in messages} == {adapter.conversation(sample(path))}

    def test_names_each_message_once(self, path: Path) -> None:
        messages = factories.adapter(path.parent.name).parse(sample(path))
        ids = [item.external_id for item in messages if isinstance(item, IncomingMessage)]
        assert len(ids) == len(set(ids))

    def test_has_one_key_however_often_it_comes(self, path: Path) -> None:
        adapter = factories.adapter(path.parent.name)
        first, again = (factories.arrived(path.read_bytes(), nonce=nonce) for nonce in ("one", "two"))
        if adapter.key(first) != "one":
            assert adapter.key(first) == adapter.key(again)
        else:
            assert adapter.key(again) == "two"


def test_every_kind_has_its_payloads_or_takes_no_deliveries() -> None:
    sampled = {path.parent.name for path in SAMPLES}
    for kind in KINDS.keys() - sampled:
        with pytest.raises(Rejected):
            factories.adapter(kind).verify(factories.delivery({}))


def test_an_unknown_kind_has_no_adapter() -> None:
    with pytest.raises(KeyError):
        factories.adapter("pigeon")


def test_the_payloads_are_json_objects() -> None:
    assert all(isinstance(json.loads(path.read_bytes()), dict) for path in SAMPLES)


def test_only_our_own_widget_has_our_sockets() -> None:
    assert [kind for kind, adapter in KINDS.items() if adapter.capabilities.own_socket] == ["widget"]


def test_our_own_widget_is_never_waiting_for_a_vendor() -> None:
    widget = factories.adapter("widget")
    assert widget.perform(factories.reply()).external_id == ""
    assert widget.fetch(Fetch("a", "client", "a")) == {}
    widget.show_presence(factories.presence())
    widget.connect()
    assert widget.capabilities.own_socket


def test_chatra_is_told_no_presence_while_its_method_is_not_public() -> None:
    assert not KINDS["chatra"].capabilities.presence
