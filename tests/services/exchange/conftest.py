"""A connected account, and what rings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from models import Channel
from services.events import Work, committed
from tests import factories as make


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def rings() -> Iterator[list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []

    def listen(work: Work) -> None:
        heard.extend(work.rings)

    with committed.connected_to(listen):
        yield heard
