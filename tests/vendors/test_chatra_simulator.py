"""The simulator is what chatra.md §9 asks for: an adapter that leans on anything else fails here."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.vendors.chatra import ChatraSimulator
from tests.vendors.chatra.rest import Keys
from tests.vendors.receiver import Receiver, Reply

pytestmark = pytest.mark.slow

AUTHOR = {"agentEmail": "anna@desk.example", "agentName": "Anna", "receivedFrom": "deskbell"}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def chatra(receiver: Receiver) -> Iterator[ChatraSimulator]:
    with ChatraSimulator() as chatra:
        chatra.send_hooks_to(receiver.url)
        yield chatra


def ask(
    chatra: ChatraSimulator, method: str, path: str, body: object = None, *, auth: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Call the simulator; returns status and body."""
    keys = f"Chatra.Simple {chatra.keys.public}:{chatra.keys.secret}" if auth is None else auth
    headers = {"Authorization": keys, "Content-Type": "application/json"}
    request = urllib.request.Request(chatra.home + path, json.dumps(body).encode(), headers, method=method)
    try:
        with DIRECT.open(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"{}")


def hooks(chatra: ChatraSimulator, receiver: Receiver) -> list[dict[str, Any]]:
    """Return the bodies of all webhooks that arrived."""
    chatra.deliver_all()
    return [received.json for received in receiver.received]


class TestRest:
    @pytest.mark.parametrize("auth", ["", "Chatra.Simple a:b", "Chatra.Simple FAKEPUBLICKEY0000/x", "Bearer x"])
    def test_wrong_keys_are_refused(self, chatra: ChatraSimulator, auth: str) -> None:
        assert ask(chatra, "GET", "/api/clients/c1", auth=auth)[0] == 401

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            *(("GET", f"/api/{name}") for name in ("chats", "agents", "groups", "webhooks", "messages", "clients")),
            ("GET", "/api/v1/messages/x"),
            ("POST", "/api/v1/messages/"),
            ("POST", "/api/clients"),
            ("PATCH", "/api/messages/x"),
            ("DELETE", "/api/clients/c1"),
        ],
    )
    def test_there_are_ten_operations_and_no_more(self, chatra: ChatraSimulator, method: str, path: str) -> None:
        assert ask(chatra, method, path)[0] == 404

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_an_unknown_address_makes_a_dummy_agent_once(self, chatra: ChatraSimulator, slash: str) -> None:
        chatra.store.visitor("c1")
        for _ in range(2):
            status, message = ask(chatra, "POST", f"/api/messages{slash}", {"clientId": "c1", "text": "Hi!"} | AUTHOR)
        (agent,) = chatra.agents
        assert (status, agent.dummy, agent.name) == (200, True, "Anna")
        assert message | {"id": "", "createdAt": 0, "timestamp": 0} == {
            "id": "",
            "type": "agent",
            "text": "Hi!",
            "clientId": "c1",
            "agentId": agent.id,
            "createdAt": 0,
            "timestamp": 0,
            "receivedFrom": "deskbell",
        }

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"text": "Hi!"} | AUTHOR, 400),
            ({"clientId": "c1"} | AUTHOR, 400),
            ({"clientId": "c1", "text": ""} | AUTHOR, 400),
            ({"clientId": "c1", "text": "x" * 5001} | AUTHOR, 400),
            ({"clientId": "c1", "text": "Hi!"}, 400),
            ({"clientId": "c1", "text": "Hi!"} | AUTHOR | {"receivedFrom": ""}, 400),
            ({"clientId": "gone", "text": "Hi!"} | AUTHOR, 404),
            ({"clientId": "c1", "text": "Hi!", "agentId": "gone"}, 404),
            (["no object"], 400),
        ],
    )
    def test_an_incomplete_message_is_refused(self, chatra: ChatraSimulator, body: object, status: int) -> None:
        chatra.store.visitor("c1")
        assert ask(chatra, "POST", "/api/messages/", body)[0] == status
        assert chatra.messages("c1") == []

    def test_agents_messages_can_be_changed_and_deleted_but_not_visitors(self, chatra: ChatraSimulator) -> None:
        visitors = chatra.visitor_says("c1", "Hello!")
        agents = chatra.agent_says("c1", "Yes?")
        assert ask(chatra, "GET", f"/api/messages/{visitors.id}")[1]["text"] == "Hello!"
        assert ask(chatra, "PUT", f"/api/messages/{visitors.id}", {"text": "No"})[0] == 403
        assert ask(chatra, "DELETE", f"/api/messages/{visitors.id}")[0] == 403
        assert ask(chatra, "PUT", f"/api/messages/{agents.id}", {"text": "No"})[1]["text"] == "No"
        assert ask(chatra, "DELETE", f"/api/messages/{agents.id}")[1]["id"] == agents.id
        assert ask(chatra, "GET", f"/api/messages/{agents.id}")[0] == 404

    def test_a_pushed_message_has_an_agent_of_the_group(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor("c1")
        body = {"clientId": "c1", "text": "Your lamp is on its way.", "groupId": "g1"}
        assert ask(chatra, "POST", "/api/pushedMessages/", body)[0] == 404
        chatra.store.add_agent("Olga", "olga@chatra.example")
        ivan = chatra.store.add_agent("Ivan", "ivan@chatra.example", group_id="g1")
        message = ask(chatra, "POST", "/api/pushedMessages/", body)[1]
        assert (message["agentId"], message["isPushed"]) == (ivan.id, True)
        assert ask(chatra, "POST", "/api/pushedMessages/", body | {"agentId": "gone"})[0] == 404
        assert ask(chatra, "GET", f"/api/pushedMessages/{message['id']}")[0] == 200
        assert ask(chatra, "GET", f"/api/messages/{message['id']}")[0] == 404

    def test_a_visitor_is_changed_in_part_and_cleared_by_null(self, chatra: ChatraSimulator) -> None:
        chatra.visitor_says("c1", "Hello!", name="mary1", Plan="Gold")
        ask(chatra, "PUT", "/api/clients/c1", {"name": "Maria", "notes": "kind"})
        client = ask(chatra, "PUT", "/api/clients/c1", {"notes": None})[1]
        assert client["basicInfo"] == {"name": "Maria", "email": None, "phone": None, "notes": None}
        assert client["info"] == {"name": "Maria", "Plan": "Gold"}
        assert ask(chatra, "PUT", "/api/clients/c1", {"name": None})[1]["info"]["name"] == "mary1"

    def test_an_id_may_hold_any_character(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor("a/b c?")
        assert ask(chatra, "GET", "/api/clients/a%2Fb%20c%3F")[1]["id"] == "a/b c?"

    @pytest.mark.parametrize("status", [401, 404, 429, 500])
    def test_a_fault_strikes_once_and_does_nothing(self, chatra: ChatraSimulator, status: int) -> None:
        chatra.store.visitor("c1")
        chatra.faults.fail(status)
        body = {"clientId": "c1", "text": "Hi!"} | AUTHOR
        assert [ask(chatra, "POST", "/api/messages/", body)[0] for _ in range(2)] == [status, 200]
        assert len([message for message in chatra.messages("c1") if message.type == "agent"]) == 1
        assert [call.status for call in chatra.requests] == [status, 200]


class TestHooks:
    def test_a_chat_starts_goes_on_and_ends(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says("c1", "Hello!")
        chatra.agent_says("c1", "Yes?")
        chatra.visitor_says("c1", "Good.")
        chatra.advance(601)
        bodies = hooks(chatra, receiver)
        assert [body["eventName"] for body in bodies] == ["chatStarted", *["chatFragment"] * 3, "chatTranscript"]
        assert [len(body["agents"]) for body in bodies] == [0, 1, 1, 1, 1]
        assert [message["type"] for message in bodies[-1]["messages"]] == ["client", "system", "agent", "client"]

    def test_each_event_goes_to_its_own_address(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.webhooks.clear()
        chatra.webhooks["chatFragment"] = f"{receiver.url}/fragment"
        chatra.visitor_says("c1", "Hello!")
        chatra.visitor_says("c1", "Anybody?")
        chatra.deliver_all()
        assert [received.path for received in receiver.received] == ["/fragment"]
        assert [parcel.answers for parcel in chatra.deliveries] == [[], [200]]
        assert [parcel.body["eventName"] for parcel in chatra.deliveries] == ["chatStarted", "chatFragment"]

    def test_an_api_message_comes_back_with_its_mark(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says("c1", "Hello!")
        ask(chatra, "POST", "/api/messages/", {"clientId": "c1", "text": "Hi!"} | AUTHOR)
        assert hooks(chatra, receiver)[-1]["messages"][0]["receivedFrom"] == "deskbell"

    def test_a_quiet_chat_ends_once_and_may_go_on(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.switches.idle_seconds = 60
        chatra.visitor_says("c1", "Hello!")
        chatra.advance(59)
        chatra.advance(2)
        chatra.advance(100)
        chatra.visitor_says("c1", "One more thing")
        assert [body["eventName"] for body in hooks(chatra, receiver)] == [
            "chatStarted",
            "chatTranscript",
            "chatFragment",
        ]

    @pytest.mark.parametrize(
        ("started", "keys"),
        [("message", {"message"}), ("messages", {"messages"}), ("both", {"message", "messages"})],
    )
    def test_a_start_has_the_form_that_is_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, started: str, keys: set[str]
    ) -> None:
        vars(chatra.switches).update(started=started)
        chatra.visitor_says("c1", "Hello!")
        assert hooks(chatra, receiver)[0].keys() & {"message", "messages"} == keys

    @pytest.mark.parametrize(
        ("switch", "value", "keys"),
        [
            ("text", "text", {"text", "createdAt", "timestamp"}),
            ("text", "message", {"message", "createdAt", "timestamp"}),
            ("time", "createdAt", {"text", "message", "createdAt"}),
            ("time", "timestamp", {"text", "message", "timestamp"}),
        ],
    )
    def test_a_message_has_the_keys_that_are_switched_on(
        self, chatra: ChatraSimulator, receiver: Receiver, switch: str, value: str, keys: set[str]
    ) -> None:
        vars(chatra.switches).update({switch: value})
        chatra.visitor_says("c1", "Hello!")
        assert hooks(chatra, receiver)[0]["message"].keys() == keys | {"id", "type"}

    def test_order_is_kept_unless_it_is_switched_off(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        texts = [str(number) for number in range(5)]
        for text in texts:
            chatra.visitor_says("c1", text)
        assert spoken(hooks(chatra, receiver)) == texts
        chatra.faults.reorder = 3
        for text in texts:
            chatra.visitor_says("c1", text)
        assert spoken(hooks(chatra, receiver))[5:] == ["2", "1", "0", "4", "3"]

    def test_deliveries_are_lost_or_doubled_as_told(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.faults.drop = 1
        chatra.faults.copies = 3
        chatra.visitor_says("c1", "lost")
        chatra.visitor_says("c1", "thrice")
        assert spoken(hooks(chatra, receiver)) == ["thrice"] * 3
        assert [parcel.dropped for parcel in chatra.deliveries] == [True, False]

    @pytest.mark.parametrize(("retries", "answers"), [(0, [500]), (1, [500, 500]), (5, [500, 500, 200])])
    def test_a_failing_receiver_is_tried_again_as_often_as_told(
        self, chatra: ChatraSimulator, receiver: Receiver, retries: int, answers: list[int]
    ) -> None:
        chatra.faults.retries = retries
        receiver.replies.extend([Reply(500), Reply(500)])
        chatra.visitor_says("c1", "Hello!")
        chatra.deliver_all()
        assert chatra.deliveries[0].answers == answers

    def test_a_receiver_that_is_down_is_noted(self, chatra: ChatraSimulator) -> None:
        chatra.send_hooks_to("http://127.0.0.1:9/")
        chatra.visitor_says("c1", "Hello!")
        chatra.deliver_all()
        assert chatra.deliveries[0].answers == [0]

    def test_waiting_ends_with_an_error_when_it_takes_too_long(self, chatra: ChatraSimulator) -> None:
        chatra.faults.delay = 30
        chatra.visitor_says("c1", "Hello!")
        with pytest.raises(TimeoutError):
            chatra.deliver_all(timeout=0.05)


def spoken(bodies: list[dict[str, Any]]) -> list[str]:
    """Return the texts of webhooks that carry one message each."""
    return [str((body.get("message") or body["messages"][0])["text"]) for body in bodies]


class TestIds:
    def test_have_chatras_shapes(self, chatra: ChatraSimulator) -> None:
        message = chatra.visitor_says(None, "Hello!")
        assert re.fullmatch(r"[0-9a-z]{39}", message.client_id)
        assert re.fullmatch(r"[2-9A-HJ-NP-TW-Za-km-z]{17}", message.id)

    def test_keys_have_chatras_shapes_and_are_plainly_made_up(self) -> None:
        keys = Keys()
        assert (len(keys.public), len(keys.secret)) == (17, 48)
        assert "FAKE" in keys.public
        assert "FAKE" in keys.secret


class TestPage:
    def test_says_that_it_is_a_simulator(self, chatra: ChatraSimulator) -> None:
        for path in ("/__sim/", "/__sim/connect?name=Deskbell"):
            with DIRECT.open(chatra.home + path, timeout=10) as answer:
                assert "simulator" in answer.read().decode()

    def test_has_no_inline_script_or_style(self) -> None:
        for template in (Path(__file__).parent / "chatra" / "templates").glob("*.html"):
            assert not re.search(r"<style|<script(?! src=)|\son\w+=|\sstyle=", template.read_text())

    def test_lets_a_visitor_write_and_read(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        visitor = ask(chatra, "POST", "/__sim/visitors", {"ChatraID": chatra.keys.public})[1]["id"]
        facts = {"integrationData": {"name": "Maria", "email": "maria@shop.example"}, "groupId": "g1"}
        ask(chatra, "PUT", f"/__sim/visitors/{visitor}", facts)
        ask(chatra, "POST", f"/__sim/messages/{visitor}", {"text": "Hello!"})
        ask(chatra, "POST", "/api/messages/", {"clientId": visitor, "text": "Hi Maria!"} | AUTHOR)
        seen = ask(chatra, "GET", f"/__sim/visitors/{visitor}")[1]
        assert [(message["author"], message["text"]) for message in seen["messages"]] == [
            ("", "Hello!"),
            ("Anna", "Hi Maria!"),
        ]
        assert hooks(chatra, receiver)[0]["client"]["info"] == facts["integrationData"]
        assert ask(chatra, "GET", f"/api/clients/{visitor}")[1]["groupId"] == "g1"

    def test_knows_a_visitor_again(self, chatra: ChatraSimulator) -> None:
        page = {"ChatraID": chatra.keys.public, "clientId": "user-1"}
        assert [ask(chatra, "POST", "/__sim/visitors", page)[1]["id"] for _ in range(2)] == ["user-1", "user-1"]

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("POST", "visitors", {"ChatraID": "another"}, 403),
            ("GET", "visitors/nobody", None, 404),
            ("POST", "messages/nobody", {"text": "Hello!"}, 404),
            ("POST", "messages/c1", {"text": " "}, 400),
            ("POST", "agents/nobody@chatra.example/presence", {"online": True}, 404),
        ],
    )
    def test_refuses_nonsense(self, chatra: ChatraSimulator, method: str, path: str, body: object, status: int) -> None:
        chatra.store.visitor("c1")
        assert ask(chatra, method, f"/__sim/{path}", body)[0] == status

    def test_may_be_used_from_any_site(self, chatra: ChatraSimulator) -> None:
        request = urllib.request.Request(f"{chatra.home}/__sim/visitors", method="OPTIONS")
        with DIRECT.open(request, timeout=10) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


class TestPresence:
    def test_shows_no_more_agents_than_seats_and_for_minutes_only(self) -> None:
        with ChatraSimulator(seats=1) as chatra:
            chatra.visitor_says("c1", "Hello!")
            for name in ("olga", "ivan"):
                chatra.store.add_agent(name, f"{name}@chatra.example")
            assert self.online(chatra)
            path = "/__sim/agents/{}@chatra.example/presence"
            seen = [ask(chatra, "POST", path.format(name), {"online": True})[1] for name in ("olga", "ivan")]
            assert seen == [{"online": 1}, {"online": 1}]
            assert self.online(chatra)
            chatra.advance(181)
            assert not self.online(chatra)

    def online(self, chatra: ChatraSimulator) -> bool:
        return bool(ask(chatra, "GET", "/__sim/visitors/c1")[1]["online"])


def test_the_connect_page_hands_over_the_keys_and_adds_an_agent(chatra: ChatraSimulator) -> None:
    form = urlencode({"name": "Deskbell", "back": "http://127.0.0.1:9/back"}).encode()
    with DIRECT.open(f"{chatra.home}/__sim/connect", form, timeout=10) as answer:
        page = answer.read().decode()
    assert chatra.keys.secret in page
    assert 'action="http://127.0.0.1:9/back"' in page
    assert [agent.name for agent in chatra.agents] == ["Deskbell"]


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-u", "-m", "tests.vendors.chatra", "--public-key", "FAKE2", "--secret-key", "FAKE3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as program:
        assert program.stdout
        lines = [program.stdout.readline() for _ in range(6)]
        page = lines[1].split()[-1]
        with DIRECT.open(page, timeout=10) as answer:
            assert "FAKE2" in answer.read().decode()
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 0
