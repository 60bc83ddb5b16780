"""Servers that the tests of channels call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vendors.chatra import ChatraSimulator
from tests.vendors.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def chatra(receiver: Receiver) -> Iterator[ChatraSimulator]:
    """A Chatra whose webhooks go to the receiver."""
    with ChatraSimulator() as chatra:
        chatra.send_hooks_to(receiver.url)
        yield chatra
