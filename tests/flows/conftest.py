"""A desk with a Chatra account, both on loopback, both real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask import Flask

from blueprints.connecting import connect_chatra, hook_url
from config import Settings
from extensions import db
from models import Case, Channel, Message
from services.conversations import cases, chat_list, messages
from tests import factories as make
from tests.serving import ServedDesk, work_off
from tests.vendors.chatra import ChatraSimulator


@dataclass
class Flow:
    """A customer's way from Chatra to the desk and back."""

    app: Flask
    chatra: ChatraSimulator
    channel: Channel
    hook: str

    def settle(self) -> None:
        """Let everything that is under way arrive."""
        self.chatra.deliver_all()
        work_off(self.app)
        self.chatra.deliver_all()
        work_off(self.app)
        db.session.rollback()
        db.session.expire_all()

    def chats(self) -> list[Case]:
        """The active chats."""
        agent = make.agent()
        return [db.session.get_one(Case, row.id) for row in chat_list.rows(agent)]

    def ended(self) -> list[Case]:
        """The cases in the list."""
        return [db.session.get_one(Case, row.id) for row in cases.ended(make.agent()).rows]

    def thread(self, case: Case) -> list[Message]:
        """What was said, in order."""
        return messages.latest(case.id)

    def texts(self, case: Case) -> list[str]:
        """What was said, in order, as text."""
        return [message.text for message in self.thread(case)]


@pytest.fixture
def chatra() -> Iterator[ChatraSimulator]:
    """Chatra with its usual habits."""
    with ChatraSimulator() as simulator:
        yield simulator


@pytest.fixture
def settings(settings: Settings, chatra: ChatraSimulator) -> Settings:
    """Settings that point to the simulator."""
    return replace(settings, chatra_api_url=chatra.url)


@pytest.fixture
def flow(app: Flask, chatra: ChatraSimulator) -> Iterator[Flow]:
    """A connected account whose webhooks arrive."""
    with ServedDesk(app) as served:
        keys = chatra.keys
        channel = connect_chatra(name="Chatra", public_key=keys.public, secret_key=keys.secret, group="Support")
        hook = hook_url(channel, served.url)
        chatra.send_hooks_to(hook)
        yield Flow(app, chatra, channel, hook)
