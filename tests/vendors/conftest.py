"""A simulated Chatra whose webhooks are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vendors.chatra import ChatraSimulator
from tests.vendors.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks go."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def chatra(receiver: Receiver) -> Iterator[ChatraSimulator]:
    """Chatra with its usual habits."""
    with ChatraSimulator() as chatra:
        chatra.send_hooks_to(receiver.url)
        yield chatra
