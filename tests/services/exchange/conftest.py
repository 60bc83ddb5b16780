"""A connected account, a chat that came by one, an agent, and what rings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from models import Agent, Case, Channel
from services import clock
from services.events import Work, committed
from tests import factories as make


@pytest.fixture
def channel(app: Flask) -> Channel:
    return make.chatra()


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def case(app: Flask, traveller: time_machine.Traveller) -> Case:
    """A chat with a customer of Chatra."""
    return make.chat(channel=make.chatra())


@pytest.fixture
def ann(app: Flask) -> Agent:
    return make.agent("Ann")


@pytest.fixture
def rings() -> Iterator[list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []

    def listen(work: Work) -> None:
        heard.extend(work.rings)

    with committed.connected_to(listen):
        yield heard
