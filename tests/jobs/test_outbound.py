"""Sending: what cannot even be prepared is said to have failed, and holds up nothing behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from rq.timeouts import JobTimeoutException
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from extensions import db
from jobs import outbound
from models import Case, Delivery
from services import clock
from services.conversations import chats
from services.exchange import breaker, channels, outbox
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


def test_keys_that_cannot_be_sent_fail_an_answer_with_the_reason_and_need_attention(app: Flask) -> None:
    case = make.chat(channel=make.chatra())
    channels.replace_credentials(case.channel_id, {"public_key": "public", "secret_key": "\u200bsecret"})
    message = chats.reply(case.id, make.agent(), "hello")
    outbound.drain(case.stream)
    db.session.expire_all()
    reason = "Chatra's address or keys cannot be sent as they stand."
    assert (message.delivery, message.delivery_reason) == (Delivery.FAILED, reason)
    assert (case.channel.state, case.channel.state_reason) == (channels.BROKEN, reason)


def test_after_a_pause_it_does_not_count_as_the_probe(case: Case) -> None:
    for _ in range(breaker.PATIENCE):
        breaker.note_failure(case.channel_id, "Chatra gave no answer.")
    chats.reply(case.id, make.agent(), "hello")
    with time_machine.travel(clock.now() + timedelta(seconds=6), tick=False):
        outbound.drain(case.stream)
        assert breaker.admit(case.channel_id)


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception("gone")), JobTimeoutException("too long")])
def test_what_could_not_be_prepared_for_the_databases_sake_is_tried_again(
    case: Case, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def hiccup(_channel_id: int) -> None:
        raise error

    message = chats.reply(case.id, make.agent(), "hello")
    monkeypatch.setattr(outbound, "adapter_of", hiccup)
    with pytest.raises(type(error)):
        outbound.drain(case.stream)
    db.session.rollback()
    db.session.refresh(message)
    assert message.delivery == Delivery.SENDING
    with time_machine.travel(clock.now() + timedelta(seconds=2), tick=False):
        assert outbox.claim(case.stream) is not None
