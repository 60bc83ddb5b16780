"""What the simulator makes up beside Chatra's API (chatra.md §9.10–§9.12), all of it under /__sim/."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.vendors.calling import AUTHOR, DIRECT, ask, hooks
from tests.vendors.chatra import ChatraSimulator
from tests.vendors.chatra.controls import SWITCHES
from tests.vendors.chatra.rest import Keys
from tests.vendors.receiver import Receiver

pytestmark = pytest.mark.slow


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
        facts = {"name": "Maria", "email": "maria@shop.example"}
        told = {"integrationData": facts, "groupId": "g1", "form": {"orderNumber": "7731", "size": ""}}
        ask(chatra, "PUT", f"/__sim/visitors/{visitor}", told)
        ask(chatra, "POST", f"/__sim/messages/{visitor}", {"text": "Hello!"})
        ask(chatra, "POST", "/api/messages/", {"clientId": visitor, "text": "Hi Maria!"} | AUTHOR)
        seen = ask(chatra, "GET", f"/__sim/visitors/{visitor}")[1]
        assert [(message["author"], message["text"]) for message in seen["messages"]] == [
            ("", "Hello!"),
            ("Anna", "Hi Maria!"),
        ]
        assert hooks(chatra, receiver)[0]["client"]["info"] == facts | {"orderNumber": "7731"}
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


class TestControls:
    def press(self, chatra: ChatraSimulator, action: str, **form: str) -> int:
        """Send one of the page's forms; returns the status of what it leads to."""
        try:
            with DIRECT.open(f"{chatra.home}/__sim/controls/{action}", urlencode(form).encode(), timeout=10) as page:
                return int(page.status)
        except HTTPError as error:
            with error:
                return error.code

    def test_show_every_switch_and_whoever_has_written(self, chatra: ChatraSimulator) -> None:
        chatra.visitor_says("c1", "Hello!", name="Maria")
        with DIRECT.open(f"{chatra.home}/__sim/controls", timeout=10) as answer:
            page = answer.read().decode()
        assert "simulator" in page
        assert '<option value="c1">Maria</option>' in page
        assert all(f'<select name="{name}">' in page for name in SWITCHES)

    def test_point_the_webhooks_elsewhere(self, chatra: ChatraSimulator) -> None:
        assert self.press(chatra, "point", url="http://127.0.0.1:9/hooks/chatra/new") == 200
        assert set(chatra.webhooks.values()) == {"http://127.0.0.1:9/hooks/chatra/new"}
        assert len(chatra.webhooks) == 3

    def test_let_agents_and_bots_write(self, chatra: ChatraSimulator) -> None:
        chatra.visitor_says("c1", "Hello!")
        assert self.press(chatra, "answer", visitor="c1", name="Ivan", text="Yes?") == 200
        assert self.press(chatra, "push", visitor="c1", name="Ivan", text="Rate us!") == 200
        last = chatra.messages("c1")[-2:]
        assert [(said.agent and said.agent.name, said.text, said.pushed) for said in last] == [
            ("Ivan", "Yes?", False),
            ("Ivan", "Rate us!", True),
        ]

    def test_let_the_next_call_fail(self, chatra: ChatraSimulator) -> None:
        assert self.press(chatra, "fail", how="is broken (500)") == 200
        assert [ask(chatra, "GET", "/api/clients/c1")[0] for _ in range(2)] == [500, 404]

    def test_turn_switches_and_disturb_webhooks(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        self.press(chatra, "turn", started="messages", text="message")
        self.press(chatra, "disturb", copies="2")
        chatra.visitor_says("c1", "Hello!")
        assert ["messages" in body for body in hooks(chatra, receiver)] == [True, True]
        assert "text" not in hooks(chatra, receiver)[0]["messages"][0]

    def test_end_all_chats(self, chatra: ChatraSimulator, receiver: Receiver) -> None:
        chatra.visitor_says("c1", "Hello!")
        self.press(chatra, "finish")
        assert hooks(chatra, receiver)[-1]["eventName"] == "chatTranscript"

    @pytest.mark.parametrize(
        ("action", "form", "status"),
        [
            ("fail", {"how": "?"}, 400),
            ("turn", {"text": "?"}, 400),
            ("disturb", {"copies": "?"}, 400),
            ("answer", {"visitor": "nobody", "text": "Hi"}, 404),
        ],
    )
    def test_refuse_nonsense(self, chatra: ChatraSimulator, action: str, form: dict[str, str], status: int) -> None:
        assert self.press(chatra, action, **form) == status


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
