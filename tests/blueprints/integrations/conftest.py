"""A desk whose Chatra is the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from config import Settings
from tests.vendors.chatra import ChatraSimulator


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    """Chatra with its usual habits."""
    with ChatraSimulator() as simulator:
        yield simulator


@pytest.fixture
def settings(settings: Settings, chatra: ChatraSimulator) -> Settings:
    """Settings that point to the simulator."""
    return replace(settings, chatra_api_url=chatra.url)
