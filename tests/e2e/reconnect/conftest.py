"""People whose way to the desk goes through a link that the test can harm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser

from demo.site import serve
from services import desk
from tests.e2e.conftest import People, RunningDesk, free_port
from tests.network import WeakLink

BROKEN = ["Failed to load resource", "WebSocket connection to", "htmx:ws:error"]


@pytest.fixture(scope="session")
def whole_link(running: RunningDesk) -> Iterator[WeakLink]:
    """One link for all tests."""
    port = urlsplit(running.url).port
    assert port is not None
    with WeakLink(port) as link:
        yield link


@pytest.fixture(scope="session")
def behind_link(running: RunningDesk, whole_link: WeakLink) -> RunningDesk:
    """The desk as it is seen through the link, and a shop whose widget uses it."""
    with running.app.app_context():
        key = desk.first_widget().key
    port = free_port()
    threading.Thread(target=serve, args=(port, whole_link.url, key), daemon=True).start()
    return replace(running, url=whole_link.url, shop=f"http://127.0.0.1:{port}")


@pytest.fixture
def link(whole_link: WeakLink) -> Iterator[WeakLink]:
    """The link, whole at first."""
    yield whole_link
    whole_link.restore()
    whole_link.cut()


@pytest.fixture
def people(behind_link: RunningDesk, link: WeakLink, chromium: Browser, desk_app: Flask) -> Iterator[People]:
    """Everyone who takes part; that requests fail on a broken link is no complaint."""
    people = People(behind_link, chromium, expected=list(BROKEN))
    yield people
    for context in people.contexts:
        context.close()
    assert people.complaints == []
