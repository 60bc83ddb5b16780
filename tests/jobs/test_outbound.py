"""Sending: what cannot even be prepared is said to have failed, and holds up nothing behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from extensions import db
from jobs import outbound
from models import Case, Delivery
from services import clock
from services.conversations import chats
from services.exchange import breaker
from tests import factories as make


@pytest.fixture
def case(app: Flask) -> Case:
    """A chat of a channel whose keys nobody can read any more."""
    case = make.chat(channel=make.chatra())
    db.session.execute(text("UPDATE channel SET sealed_credentials = 'sealed with another key'"))
    db.session.commit()
    return case


def test_the_agent_is_told(case: Case) -> None:
    message = chats.reply(case.id, make.agent(), "hello")
    outbound.drain(case.stream)
    db.session.refresh(message)
    assert message.delivery == Delivery.FAILED


def test_after_a_pause_it_does_not_count_as_the_probe(case: Case) -> None:
    for _ in range(breaker.PATIENCE):
        breaker.note_failure(case.channel_id, "Chatra gave no answer.")
    chats.reply(case.id, make.agent(), "hello")
    with time_machine.travel(clock.now() + timedelta(seconds=6), tick=False):
        outbound.drain(case.stream)
        assert breaker.admit(case.channel_id)
