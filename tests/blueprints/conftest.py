"""Browsers of an agent and of an administrator."""

from __future__ import annotations

import pytest
from flask import Flask

from models import Agent
from tests import factories as make
from tests.browsing import Browser


@pytest.fixture
def ann(app: Flask) -> Agent:
    """An agent."""
    return make.agent("Ann")


@pytest.fixture
def browser(app: Flask, ann: Agent) -> Browser:
    """Ann's browser, signed in."""
    return Browser(app.test_client()).sign_in(ann)


@pytest.fixture
def admin(app: Flask) -> Browser:
    """An administrator's browser, signed in."""
    return Browser(app.test_client()).sign_in(make.agent("Boss", admin=True))
