"""The Chatra adapter: reads its webhooks, answers through its REST API (chatra.md §1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

from channels.base import (
    Capabilities,
    Change,
    ChannelError,
    Connection,
    Delivery,
    Fetch,
    Inbound,
    Outbound,
    Presence,
    Receipt,
)
from channels.chatra import schemas
from channels.chatra.values import record, text
from channels.http import Answer, HttpClient

_NOBODY = "deskbell0key0check".ljust(39, "0")


@dataclass(frozen=True)
class ChatraAdapter:
    """One connected Chatra account.

    Args:
        connection: with the credentials `public_key` and `secret_key`.
        http: the shared client.
        base_url: the address of the API, without a slash at its end (chatra.md §1.1).
    """

    connection: Connection = field(repr=False)
    http: HttpClient = field(repr=False)
    base_url: str

    kind: ClassVar[str] = "chatra"
    family: ClassVar[str] = "live_chat"
    title: ClassVar[str] = "Chatra"
    capabilities: ClassVar[Capabilities] = Capabilities(edit=True, longest_text=5000)

    def verify(self, delivery: Delivery) -> None:
        """Raise `Rejected` for what makes no sense. Chatra signs nothing; the hook's secret address is the proof."""
        schemas.check(delivery)

    def key(self, delivery: Delivery) -> str:
        """Return what a repetition of the delivery is known by."""
        return schemas.key(delivery)

    def conversation(self, delivery: Delivery) -> str:
        """Return the client id: one chat per visitor lives on (chatra.md §8)."""
        return schemas.client_id(delivery.body)

    def parse(self, delivery: Delivery) -> list[Inbound]:
        """Return what the delivery says, in its order."""
        return schemas.inbound(delivery)

    def fetch(self, what: Fetch) -> dict[str, Any]:
        """Get the visitor's data (chatra.md §1.7). Raises `ChannelError`; permanent where the visitor is gone."""
        answer = self.call("GET", f"/clients/{quote(what.id, safe='')}", accept=(404,))
        if answer.status == 404:
            raise ChannelError("Chatra no longer knows this visitor.", permanent=True)
        if not isinstance(answer.body, dict):
            raise ChannelError("Chatra's answer could not be read.")
        return {"client": {**answer.body, "id": what.id}}

    def event(self, delivery: Delivery) -> str:
        """Return the webhook's name (chatra.md §2.1), or that it is an answer to a question of ours."""
        return "GET client" if delivery.fetched else text(delivery.body.get("eventName"))

    def perform(self, item: Outbound) -> Receipt:
        """Send a message in the agent's name; Chatra creates an agent it does not know (chatra.md §1.4).

        Without an agent it is a pushed message, whose author Chatra chooses (chatra.md §1.5). Raises `ChannelError`:
        uncertain after a time-out, because Chatra knows no idempotency key (chatra.md §1.9).
        """
        message = {"clientId": item.conversation, "text": self._words(item)}
        path = "/pushedMessages/"
        if item.agent_email:
            path = "/messages/"
            message |= {
                "agentEmail": item.agent_email,
                "agentName": item.agent_name,
                "receivedFrom": schemas.OUR_NAME,
            }
        answer = self.call("POST", path, message, accept=(404,))
        if answer.status == 404:
            raise ChannelError("Chatra no longer knows this visitor.", permanent=True)
        return Receipt(schemas.kept_id(record(answer.body).get("id")))

    def edit(self, change: Change) -> None:
        """Give a message other words (chatra.md §1.3, nos. 3 and 7). Raises `ChannelError`."""
        answer = self.call("PUT", _message(change), {"text": self._words(change)}, accept=(403, 404, 410))
        if answer.status in (404, 410):
            raise ChannelError("Chatra no longer knows this message.", permanent=True)
        _allowed(answer)

    def delete(self, change: Change) -> None:
        """Take a message away (chatra.md §1.3, nos. 4 and 8). Raises `ChannelError`."""
        _allowed(self.call("DELETE", _message(change), accept=(403, 404, 410)))

    def show_presence(self, presence: Presence) -> None:  # noqa: ARG002  the contract's argument
        """Raise `ChannelError`: Chatra has a method for this, but no public source tells which (chatra.md §5)."""
        raise ChannelError("Chatra cannot be told who is available.", permanent=True)

    def connect(self) -> None:
        """Check the keys. Raises `ChannelError`, broken where Chatra refuses them.

        None of the ten operations is meant for this (chatra.md §1.3); the one that changes nothing is asking for a
        visitor that cannot exist. "Not found" shows that the keys were taken.
        """
        self.call("GET", f"/clients/{_NOBODY}", accept=(404,))

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, accept: Collection[int]) -> Answer:
        """Make one call with the account's keys, as `HttpClient.call` does; `path` begins with a slash."""
        return self.http.call(
            method, self.base_url + path, vendor=self.title, headers=self._headers(), body=body, accept=accept
        )

    def _headers(self) -> dict[str, str]:
        public, secret = (self.connection.credentials.get(name, "") for name in ("public_key", "secret_key"))
        if not public or not secret:
            raise ChannelError("Chatra's public and secret key are missing.", permanent=True, broken=True)
        return {"Authorization": f"Chatra.Simple {public}:{secret}"}

    def _words(self, item: Outbound | Change) -> str:
        """Join the text and the links of its files: Chatra takes no attachments (chatra.md §1.4)."""
        links = [f"{' '.join(file.name.split())}: {file.url}" for file in item.files]
        whole = "\n".join(part for part in (item.text, *links) if part)
        if len(whole) > self.capabilities.longest_text:
            raise ChannelError("The message is longer than the 5000 characters that Chatra takes.", permanent=True)
        return whole


def _allowed(answer: Answer) -> None:
    """Raise `ChannelError` for a 403: of one message it says nothing about the keys (chatra.md §9.4)."""
    if answer.status == 403:
        raise ChannelError("Chatra does not let this message be changed.", permanent=True)


def _message(change: Change) -> str:
    """Return the path of a message; what was pushed stands apart (chatra.md §1.3)."""
    return f"/{'messages' if change.by_agent else 'pushedMessages'}/{quote(change.external_id, safe='')}"
