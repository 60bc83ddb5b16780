"""`flask integration …` beside a desk that runs: our own messages come back through its webhooks."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest
from click.testing import Result

from blueprints.connecting import adapter_of
from channels.base import Author, Delivery
from services.exchange import breaker, channel_states, channels, intake
from tests import factories as make
from tests.flows.conftest import Flow

pytestmark = pytest.mark.slow


@pytest.fixture
def visitor(flow: Flow) -> str:
    """Maria, who has written; and an administrator who may answer."""
    make.agent("Ann", admin=True)
    client = flow.chatra.visitor_says(None, "Where is my order?", name="Maria", Plan="Gold").client_id
    flow.settle()
    return client


def check(flow: Flow, *arguments: str, answer: str = "") -> Result:
    command = ["integration", "check", "Chatra", "--wait", "20", *arguments]
    return flow.app.test_cli_runner().invoke(args=command, input=answer)


def verdicts(run: Result) -> dict[str, str]:
    """The verdict of each point by what was asked."""
    lines = [line for line in run.stdout.splitlines() if "§" in line]
    return {line[19:].partition(":")[0]: line[:11].strip() for line in lines}


def test_without_send_it_reads_the_visitor_whom_the_desk_met_last_and_changes_nothing(flow: Flow, visitor: str) -> None:
    flow.chatra.requests.clear()
    run = check(flow)
    assert run.exit_code == 0, run.output
    assert verdicts(run)["where the name stands"] == "agrees"
    assert verdicts(run)["chatStarted"] == "agrees"
    assert {call.method for call in flow.chatra.requests} == {"GET"}
    assert "differs: 0" in run.stdout.splitlines()[-1]


def test_with_send_it_asks_to_whom_and_finds_its_messages_in_the_webhooks(flow: Flow, visitor: str) -> None:
    run = check(flow, "--send", answer="y\n")
    assert run.exit_code == 0, run.output
    assert f"Maria ({visitor}) in the name of Ann" in run.stderr
    assert verdicts(run)["our message in a webhook"] == "agrees"
    assert verdicts(run)["the pushed one"] == "agrees"
    assert [each.text for each in flow.chatra.messages(visitor) if each.type == "client"] == ["Where is my order?"]
    assert [each.type for each in flow.chatra.messages(visitor) if each.type == "agent"] == []


def test_of_what_was_sent_only_the_pushed_message_stands_in_the_chat(flow: Flow, visitor: str) -> None:
    check(flow, "--send", "--yes")
    flow.settle()
    (chat,) = flow.chats()
    found = [message for message in flow.thread(chat) if "checking its connection" in message.text]
    assert [message.author for message in found] == [Author.BOT]


def test_whoever_says_no_has_sent_nothing(flow: Flow, visitor: str) -> None:
    flow.chatra.requests.clear()
    run = check(flow, "--send", answer="n\n")
    assert run.exit_code == 1
    assert flow.chatra.requests == []


def test_a_recording_holds_the_webhooks_and_nothing_of_anybody(flow: Flow, visitor: str, tmp_path: Path) -> None:
    file = tmp_path / "chatra.json"
    run = check(flow, "--send", "--yes", "--record", str(file))
    assert run.exit_code == 0, run.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text()
    recorded = json.loads(written)
    assert {body["eventName"] for body in recorded["webhooks"]} == {"chatStarted", "chatFragment"}
    assert any(
        entry.get("receivedFrom") == "deskbell" for body in recorded["webhooks"] for entry in body.get("messages", ())
    )
    hook = flow.hook.rpartition("/")[2]
    for secret in ("Maria", "Gold", "order", visitor, flow.chatra.keys.secret, flow.chatra.keys.public, hook):
        assert secret not in written
    again = check(flow, "--record", str(file))
    assert (again.exit_code, again.stdout) == (1, "")
    assert "--force" in again.stderr
    assert file.read_text() == written
    assert check(flow, "--record", str(file), "--force").exit_code == 0
    assert file.read_text() != written


def test_an_answer_that_we_cannot_live_with_is_the_exit_status(flow: Flow, visitor: str) -> None:
    flow.chatra.faults.fail(404)
    flow.chatra.faults.fail(404)
    run = check(flow)
    assert run.exit_code == 1
    assert verdicts(run)["a wrong secret key"] == "differs"


def test_refused_keys_are_one_line_that_says_what_to_do_and_are_recorded(
    flow: Flow, visitor: str, tmp_path: Path
) -> None:
    flow.chatra.faults.fail(401)
    file = tmp_path / "chatra.json"
    run = check(flow, "--record", str(file))
    assert (run.exit_code, run.stdout) == (1, "")
    assert run.stderr.splitlines()[-1] == (
        "Error: Chatra refused the keys (answer 401). Replace them under Settings, Integrations, Chatra."
    )
    assert [call["status"] for call in json.loads(file.read_text())["exchanges"]] == [401]


def listed(flow: Flow) -> list[str]:
    """Chatra's line: number, kind, name, group, state, last heard, set aside, webhook address."""
    run = flow.app.test_cli_runner().invoke(args=["integration", "list"])
    assert run.exit_code == 0, run.output
    return run.stdout.splitlines()[-1].split("\t")


def test_the_list_says_when_a_channel_was_heard_of_and_what_was_set_aside(flow: Flow, visitor: str) -> None:
    intake.accept(flow.channel, adapter_of(flow.channel), Delivery(b"{}", {}, intake.new_nonce()))
    *_, heard, aside, address = listed(flow)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", heard)
    assert (aside, address.rpartition("/")[2]) == ("1", flow.hook.rpartition("/")[2])


def test_the_list_has_a_word_for_every_state(flow: Flow) -> None:
    assert listed(flow)[4] == "connected"
    channels.mark_broken(flow.channel.id, "Chatra refused the keys (answer 401).")
    assert listed(flow)[4] == "broken"
    channels.replace_credentials(flow.channel.id, {}, state_reason="Chatra could not be reached.")
    assert listed(flow)[4] == "unchecked"
    for _ in range(breaker.PATIENCE):
        breaker.note_failure(flow.channel.id, "Chatra gave no answer.")
    assert listed(flow)[4] == "paused"
    channel_states.switch_off(flow.channel.id)
    assert listed(flow)[4] == "off"
