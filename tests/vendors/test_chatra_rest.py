"""The simulated REST API is what chatra.md §9 asks for: an adapter that leans on anything else fails here."""

from __future__ import annotations

import pytest

from tests.vendors.calling import AUTHOR, ask, gets_no_answer, headers
from tests.vendors.chatra import ChatraSimulator, RestFault
from tests.vendors.chatra.faults import Chances

pytestmark = pytest.mark.slow


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
        olga = chatra.store.agent(email="olga@chatra.example")
        assert olga is not None
        named = ask(chatra, "POST", "/api/pushedMessages/", body | {"agentId": olga.id})[1]
        assert named["agentId"] == olga.id
        anybody = ask(chatra, "POST", "/api/pushedMessages/", {"clientId": "c1", "text": "Bye!"})[1]
        assert anybody["agentId"] in {olga.id, ivan.id}
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

    @pytest.mark.parametrize("switch", ["createdAt", "timestamp", "both"])
    def test_a_message_has_its_time_in_milliseconds(self, chatra: ChatraSimulator, switch: str) -> None:
        vars(chatra.switches).update(time=switch)
        said = chatra.visitor_says("c1", "Hello!")
        told = ask(chatra, "GET", f"/api/messages/{said.id}")[1]
        keys = {"createdAt", "timestamp"} if switch == "both" else {switch}
        assert {key: told[key] for key in keys} == dict.fromkeys(keys, said.at)
        assert told.keys() & {"createdAt", "timestamp"} == keys
        assert abs(said.at / 1000 - chatra.store.now()) < 60

    def test_a_slash_at_the_end_changes_nothing(self, chatra: ChatraSimulator) -> None:
        message = chatra.agent_says(chatra.visitor_says("c1", "Hello!").client_id, "Yes?")
        assert ask(chatra, "GET", "/api/clients/c1/")[1]["id"] == "c1"
        assert ask(chatra, "PUT", f"/api/messages/{message.id}/", {"text": "No"})[1]["text"] == "No"
        assert ask(chatra, "DELETE", f"/api/messages/{message.id}/")[0] == 200

    def test_a_known_address_writes_as_the_agent_that_it_belongs_to(self, chatra: ChatraSimulator) -> None:
        anna = chatra.store.add_agent("Anna of Chatra", AUTHOR["agentEmail"])
        chatra.store.visitor("c1")
        message = ask(chatra, "POST", "/api/messages/", {"clientId": "c1", "text": "Hi!"} | AUTHOR)[1]
        assert (message["agentId"], anna.dummy, len(chatra.agents)) == (anna.id, False, 1)


class TestFaults:
    BODY = {"clientId": "c1", "text": "Hi!"} | AUTHOR

    @pytest.mark.parametrize("status", [401, 404, 429, 500])
    def test_a_fault_strikes_once_and_does_nothing(self, chatra: ChatraSimulator, status: int) -> None:
        chatra.store.visitor("c1")
        chatra.faults.fail(status)
        assert [ask(chatra, "POST", "/api/messages/", self.BODY)[0] for _ in range(2)] == [status, 200]
        assert len([message for message in chatra.messages("c1") if message.type == "agent"]) == 1
        assert [call.status for call in chatra.requests] == [status, 200]

    def test_one_may_ask_for_patience(self, chatra: ChatraSimulator) -> None:
        chatra.faults.fail(429, retry_after="7")
        assert headers(chatra, "/api/clients/c1")["Retry-After"] == "7"

    @pytest.mark.parametrize(
        ("fault", "written"),
        [
            (RestFault(hang="before"), []),
            (RestFault(hang="after"), ["Hi!"]),
            (RestFault(cut="before"), []),
            (RestFault(cut="after"), ["Hi!"]),
        ],
    )
    def test_one_may_leave_without_an_answer_whether_or_not_it_was_done(
        self, chatra: ChatraSimulator, fault: RestFault, written: list[str]
    ) -> None:
        chatra.store.visitor("c1")
        chatra.faults.rest.append(fault)
        assert gets_no_answer(chatra, "POST", "/api/messages/", self.BODY)
        assert [message.text for message in chatra.messages("c1") if message.type == "agent"] == written

    def test_one_may_be_answered_with_an_error_although_it_was_done(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor("c1")
        chatra.faults.fail(504, done=True)
        assert ask(chatra, "POST", "/api/messages/", self.BODY)[0] == 504
        assert [message.text for message in chatra.messages("c1") if message.type == "agent"] == ["Hi!"]

    def test_some_strike_by_chance(self, chatra: ChatraSimulator) -> None:
        chatra.store.visitor("c1")
        chatra.faults.chances = Chances(failing=0.3, ways=(RestFault(500), RestFault(429)))
        answers = [ask(chatra, "GET", "/api/clients/c1")[0] for _ in range(100)]
        assert set(answers) == {200, 429, 500}
        assert 15 < sum(answer != 200 for answer in answers) < 45
