"""How the simulated Chatra words things: every form that is known or must be expected, by switches (chatra.md §9.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from tests.vendors.chatra.store import Agent, Client, Message

Json = dict[str, Any]


@dataclass
class Switches:
    """Where chatra.md does not know what Chatra does, a switch has every possibility.

    Args:
        started: how chatStarted carries its message: one object, a list, or both.
        text: the key of a message's text in webhooks.
        time: the key of a message's time.
        group: where webhooks carry the group's id.
        asked_group: where the answer to GET /clients carries it.
        form: where the answers to a contact form's own fields stand (chatra.md §1.7): among the other data, or under a
            key of their own, as an object or as a list.
        identity: how webhooks name a message's agent: by an id that stands in `agents`, by name in the message itself,
            or not at all.
        joined: whether the system line that tells of an agent who joins has words (chatra.md §9.8).
        named: which webhooks name the ids of their messages.
        marked: whether webhooks tell where a message of ours came from.
        resumed: the event with which a chat goes on whose transcript was sent.
        idle_seconds: quiet after which a chat counts as over and its transcript is sent.
    """

    started: Literal["message", "messages", "both"] = "message"
    text: Literal["text", "message", "both"] = "both"
    time: Literal["createdAt", "timestamp", "both"] = "both"
    group: Literal["", "client.groupId", "client.group.id", "client.group", "groupId"] = ""
    asked_group: Literal["", "groupId", "group.id", "group"] = "groupId"
    form: Literal["info", "object", "list"] = "info"
    identity: Literal["", "agents", "message"] = "agents"
    joined: Literal["words", "empty"] = "words"
    named: Literal["all", "transcripts", "none"] = "all"
    marked: Literal["receivedFrom", ""] = "receivedFrom"
    resumed: Literal["chatFragment", "chatStarted"] = "chatFragment"
    idle_seconds: float = 600.0


def hook(event: str, client: Client, messages: list[Message], switches: Switches) -> Json:
    """Return the body of a webhook (chatra.md §2.2)."""
    body: Json = {
        "eventName": event,
        "client": hook_client(client, switches),
        "agents": [hook_agent(agent, switches) for agent in client.agents],
    }
    named = switches.named == "all" or (switches.named == "transcripts" and event == "chatTranscript")
    worded = [hook_message(message, switches, named=named) for message in messages]
    single = event == "chatStarted" and switches.started != "messages"
    if single:
        body["message"] = worded[0]
    if not single or switches.started == "both":
        body["messages"] = worded
    return body | (_group(client, "groupId") if switches.group == "groupId" else {})


def hook_client(client: Client, switches: Switches) -> Json:
    """Return the visitor as webhooks know it (chatra.md §2.2)."""
    body: Json = {
        "id": client.id,
        "chatId": client.chat_id,
        "displayedName": display_name(client),
        "info": info(client, switches),
        "integrationData": client.integration,
        **_form(client, switches),
    }
    inside, _, place = switches.group.partition(".")
    return body | (_group(client, place) if inside == "client" else {})


def hook_agent(agent: Agent, switches: Switches) -> Json:
    """Return an agent as webhooks know it."""
    named = switches.identity == "agents"
    return {"id": agent.id, "name": agent.name, "email": agent.email} if named else {"id": agent.id}


def hook_message(message: Message, switches: Switches, *, named: bool) -> Json:
    """Return a message as webhooks word it (chatra.md §2.2)."""
    body: Json = {"type": message.type, **times(message, switches)}
    if named:
        body["id"] = message.id
    for key in ("text", "message"):
        if switches.text in (key, "both"):
            body[key] = message.text
    if message.agent and switches.identity == "agents":
        body["agentId"] = message.agent.id
    if message.agent and switches.identity == "message":
        body["agentName"] = message.agent.name
    marked = marks(message)
    if not switches.marked:
        marked.pop("receivedFrom", None)
    return body | marked


def rest_message(message: Message, switches: Switches) -> Json:
    """Return a message as the REST API words it (chatra.md §1.6)."""
    return {
        "id": message.id,
        "type": message.type,
        "text": message.text,
        "clientId": message.client_id,
        "agentId": message.agent.id if message.agent else None,
        **times(message, switches),
        **marks(message),
    }


def times(message: Message, switches: Switches) -> Json:
    """Return a message's time under the keys that are switched on."""
    return {key: message.at for key in ("createdAt", "timestamp") if switches.time in (key, "both")}


def marks(message: Message) -> Json:
    """Return where a message came from, as far as that is special."""
    marked: Json = {"receivedFrom": message.received_from} if message.received_from else {}
    return marked | ({"isPushed": True} if message.pushed else {})


def rest_client(client: Client, switches: Switches) -> Json:
    """Return a visitor as the REST API words it (chatra.md §1.7). Keys from `ip` on are guesses."""
    return {
        "id": client.id,
        "chatId": client.chat_id,
        "displayedName": display_name(client),
        "basicInfo": client.basic | (client.form if switches.form == "info" else {}),
        "integrationData": client.integration,
        "info": info(client, switches),
        **_form(client, switches),
        "ip": "203.0.113.7",
        "country": "DE",
        "city": "Berlin",
        "language": "de",
        "browser": "Chrome 126",
        "os": "Windows 10",
        "lastVisit": client.last_visit,
        "link": f"https://chatra.invalid/conversations/{client.chat_id}",
        "pages": [{"link": "https://shop.example/cart", "title": "Cart"}],
        **_group(client, switches.asked_group),
    }


def info(client: Client, switches: Switches) -> Json:
    """Return the merge of both sources; an agent's edit wins (chatra.md §1.7)."""
    left = client.basic | (client.form if switches.form == "info" else {})
    return client.integration | {key: value for key, value in left.items() if value is not None}


def _form(client: Client, switches: Switches) -> Json:
    """Return the answers to a contact form's own fields, where they do not stand among the rest; the key is a guess."""
    if switches.form == "info" or not client.form:
        return {}
    listed = [{"id": key, "value": value} for key, value in client.form.items()]
    return {"customFields": client.form if switches.form == "object" else listed}


def _group(client: Client, place: str) -> Json:
    """Return the group's id, null for none, at one of the places where it may stand (chatra.md §6)."""
    group_id = client.group_id or None
    places: dict[str, Json] = {
        "": {},
        "groupId": {"groupId": group_id},
        "group": {"group": group_id},
        "group.id": {"group": {"id": group_id}},
    }
    return places[place]


def display_name(client: Client) -> str:
    """Return the name to show, made up for a visitor who gave none."""
    return str(client.basic.get("name") or client.integration.get("name") or client.display_name)
