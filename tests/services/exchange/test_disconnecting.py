"""A channel that was disconnected is called no more; what it leaves behind is seen to bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from channels.base import ChannelError
from extensions import db
from jobs.adapters import adapter_of
from models import Channel, Presence
from services import clock
from services.attendance import presence, telling
from services.conversations import chats
from services.errors import InvalidInput
from services.exchange import breaker, channel_states, channels, disconnecting, inbox, intake, outbox
from services.uow import lock_channel, lock_stream, unit_of_work
from tests import factories as make
from tests.channels.factories import CLIENT_ID, fragment, said
from tests.processes.running import eventually
from tests.services.exchange.test_channel_states import deliver, fresh
from tests.vendors import lighthouse

_WAITERS = text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")


@contextmanager
def meanwhile(app: Flask, work: Callable[[], None]) -> Iterator[None]:
    """Somebody else begins to work and has to wait for us; goes on when we have committed, and is done in the end."""

    def run() -> None:
        with app.app_context():
            work()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(run)
        assert eventually(lambda: db.session.scalar(_WAITERS))
        yield
        done.result(60)


def left(channel: Channel) -> str:
    return f"{disconnecting.STREAM}{channel.id}"


def test_keys_and_address_are_erased_and_the_channel_is_in_no_list_of_those_that_are_connected(
    channel: Channel,
) -> None:
    token = str(channel.sealed_hook_token)
    channels.mark_broken(channel.id, "Chatra refused the keys (answer 401).")
    make.disconnected(channel)
    erased = fresh(channel)
    assert (erased.sealed_credentials, erased.sealed_hook_token, erased.hook_hash) == (None, None, None)
    assert channels.by_hook_token("chatra", token) is None
    assert channel not in channels.everything()
    assert channels.disconnected() == [channel]
    assert channels.in_trouble() == []


@pytest.mark.parametrize("status", ["open", "pending", "closed"])
def test_its_active_chats_end_as_chosen(channel: Channel, status: str) -> None:
    cases = [make.chat(channel=channel, visitor=name) for name in ("maria", "peter")]
    other = make.chat()
    make.disconnected(channel, status)
    for case in cases:
        assert (make.fresh(case).active, case.status) == (False, status)
    assert make.fresh(other).active


def test_a_status_that_is_none_changes_nothing(channel: Channel) -> None:
    with pytest.raises(InvalidInput):
        disconnecting.disconnect(channel.id, "lost")
    assert fresh(channel).disconnected_at is None


def test_its_cases_can_be_read_and_not_answered(channel: Channel) -> None:
    case, ann = make.chat(channel=channel), make.agent()
    make.disconnected(channel)
    with pytest.raises(InvalidInput, match="disconnected"):
        chats.reply(case.id, ann, "hello")
    with pytest.raises(InvalidInput, match="disconnected"):
        chats.take(case.id, ann)
    assert not make.fresh(case).active


def test_what_came_in_and_was_not_applied_is_set_aside_with_the_reason(channel: Channel) -> None:
    channel_states.switch_off(channel.id)
    stream = deliver(channel, "one")
    make.disconnected(channel)
    (aside,) = inbox.set_aside(channel.id)
    assert aside.reason == "The integration was disconnected."
    assert inbox.next_pending(stream) is None


def test_what_it_owes_is_due_at_once_so_that_it_fails(channel: Channel, rings: list[tuple[str, str]]) -> None:
    case = make.chat(channel=channel)
    chats.reply(case.id, make.agent(), "hello")
    channel_states.switch_off(channel.id)
    rings.clear()
    make.disconnected(channel)
    assert ("outbound", case.stream) in rings
    assert outbox.due_streams(clock.now()) == [case.stream]
    assert outbox.claim(case.stream) is not None
    with pytest.raises(ChannelError, match="disconnected"):
        adapter_of(channel.id)


def test_it_cannot_be_switched_on_nor_get_an_address(channel: Channel) -> None:
    make.disconnected(channel)
    channel_states.switch_on(channel.id)
    channel_states.renew_address(channel.id)
    assert (fresh(channel).state, channel.hook_hash) == ("off", None)


def test_what_a_crash_has_left_is_done_with_the_next_try(channel: Channel) -> None:
    cases = [make.chat(channel=channel, visitor=name) for name in ("maria", "peter")]
    stream = deliver(channel, "one")
    disconnecting.disconnect(channel.id, "closed")
    gone_at = fresh(channel).disconnected_at
    doing = disconnecting.steps(left(channel))
    for _ in range(2):
        next(doing)
    doing.close()
    assert disconnecting.unfinished() == [left(channel)]
    make.disconnected(channel)
    assert [(make.fresh(case).active, case.status) for case in cases] == [(False, "closed")] * 2
    assert inbox.next_pending(stream) is None
    assert fresh(channel).disconnected_at == gone_at


def test_what_was_being_stored_in_that_moment_is_set_aside_too(channel: Channel) -> None:
    adapter = adapter_of(channel.id)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        make.disconnected(channel)
        intake.accept(channel, adapter, fragment(said("one", id="one")))
        traveller.shift(timedelta(minutes=2))
        (stream,) = disconnecting.unfinished()
        for _ in disconnecting.steps(stream):
            pass
        assert [item.reason for item in inbox.set_aside(channel.id)] == ["The integration was disconnected."]
        assert disconnecting.unfinished() == []
        for _ in disconnecting.steps(stream):
            pytest.fail("There is nothing left to do.")


@pytest.mark.postgresql("SQLite has one lock for all who write")
def test_a_worker_who_has_begun_to_apply_what_came_in_is_waited_for(app: Flask, channel: Channel) -> None:
    channel_id, stream = channel.id, deliver(channel, "one", "two")
    db.session.rollback()
    with unit_of_work() as session:
        lock_stream(stream)
        item = inbox.next_pending(stream)
        assert item is not None
        item.reason = "half done"
        session.flush()
        with meanwhile(app, lambda: make.disconnected(db.session.get_one(Channel, channel_id))):
            chats.receive(session.get_one(Channel, channel_id), make.incoming(visitor=CLIENT_ID))
            session.commit()
    assert inbox.next_pending(stream) is None


@pytest.mark.postgresql("SQLite has one lock for all who write")
@pytest.mark.parametrize("note", [channels.mark_broken, breaker.note_failure])
def test_a_call_that_ends_in_the_moment_of_switching_off_does_not_undo_it(
    app: Flask, channel: Channel, note: Callable[[int, str], None]
) -> None:
    channel_id = channel.id
    db.session.rollback()
    with unit_of_work() as session:
        lock_channel(channel_id)
        with meanwhile(app, lambda: note(channel_id, "refused")):
            channel_states.switch_off(channel_id)
            session.commit()
    assert fresh(channel).state == "off"


def test_its_vendor_is_told_of_presence_no_more(app: Flask, tmp_path: Path) -> None:
    make.agent()
    with lighthouse.connected(tmp_path) as vendor:
        presence.refresh(vendor.channel_id)
        assert telling.due_channels() == [vendor.channel_id]
        channel_states.switch_off(vendor.channel_id)
        assert telling.due_channels() == []
        assert telling.claim(vendor.channel_id) is None
        make.disconnected(db.session.get_one(Channel, vendor.channel_id))
        assert channels.telling_presence() == []
        assert db.session.scalars(select(Presence.agent_id)).all() == []
