"""What a visitor's browser sends, read leniently and checked for what matters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

from flask import request

from channels.base import Author, CustomerData, IncomingMessage
from services.conversations.attachments import Upload
from services.errors import N_, InvalidInput
from services.sanitise import one_line

# A message keeps it behind the visitor's hash of 64 characters; both have to fit into its key.
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")
_EMAIL = re.compile(r"[^@\s]{1,64}@(?=[^@\s]{1,189}$)[^@\s.]+(\.[^@\s.]+)+")
_PAGE = re.compile(r"https?://\S+")
_ADDRESS_WANTED = N_("Enter an e-mail address such as name@example.com.")


@dataclass(frozen=True)
class Sent:
    """One message as it came from the widget."""

    client_id: str
    text: str
    name: str
    email: str
    details: dict[str, str]
    uploads: list[Upload]

    def incoming(self, visitor: str) -> IncomingMessage:
        """The message in the channels' words."""
        customer = CustomerData(visitor, name=self.name, email=self.email, details=self.details)
        return IncomingMessage(visitor, customer, external_id="", author=Author.CUSTOMER, text=self.text)


def read_message(*, longest_text: int) -> Sent:
    """Read the message in this request, JSON or form.

    Args:
        longest_text: characters at most.

    Raises:
        InvalidInput: no usable id, too much text or no e-mail address where one was given.
    """
    given = _given()
    text = _text(given, "text")
    if len(text) > longest_text:
        raise InvalidInput(
            "text", N_("At most %(most)s characters fit; this has %(given)s."), most=longest_text, given=len(text)
        )
    return Sent(
        client_id=_client_id(given),
        text=text,
        name=one_line(_text(given, "name"), longest=200),
        email=_email(given),
        details=_details(given),
        uploads=[Upload(file.filename or "file", cast(BinaryIO, file.stream)) for file in _files()],
    )


def read_form(*, longest_text: int) -> Sent:
    """Read the offline form in this request: a message whose sender can be reached, without files.

    Args:
        longest_text: characters at most.

    Raises:
        InvalidInput: as for a message, or the name or the address is missing.
    """
    sent = read_message(longest_text=longest_text)
    if not sent.name:
        raise InvalidInput("name", N_("Please tell us your name."))
    if not sent.email:
        raise InvalidInput("email", _ADDRESS_WANTED)
    return replace(sent, uploads=[])


def read_address() -> str:
    """The e-mail address in this request. Raises `InvalidInput` where there is none."""
    email = _email(_given())
    if not email:
        raise InvalidInput("email", _ADDRESS_WANTED)
    return email


def _given() -> Mapping[str, Any]:
    """The fields of the request; a form says `page_url` and `page_title` where JSON has an object `page`."""
    if not request.is_json:
        form = request.form
        return {**form, "page": {"url": form.get("page_url"), "title": form.get("page_title")}}
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        return {}
    return body if isinstance(body, dict) else {}


def _files() -> list[Any]:
    return [file for field in ("files", "files[]") for file in request.files.getlist(field) if file.filename]


def _text(given: Mapping[str, Any], field: str) -> str:
    value = given.get(field)
    return value if isinstance(value, str) else ""


def _client_id(given: Mapping[str, Any]) -> str:
    client_id = _text(given, "client_id")
    if not _CLIENT_ID.fullmatch(client_id):
        raise InvalidInput("client_id", N_("This message has no usable id."))
    return client_id


def _email(given: Mapping[str, Any]) -> str:
    email = _text(given, "email").strip()
    if email and not _EMAIL.fullmatch(email):
        raise InvalidInput("email", _ADDRESS_WANTED)
    return email


def _details(given: Mapping[str, Any]) -> dict[str, str]:
    """What the browser tells about itself; unconfirmed, for the agent's eyes."""
    details = {
        "Page": _page(given.get("page")),
        "Language": one_line(_text(given, "language"), longest=35),
        "Time zone": one_line(_text(given, "time_zone"), longest=64),
    }
    return {label: value for label, value in details.items() if value}


def _page(page: object) -> str:
    if not isinstance(page, dict) or not _PAGE.fullmatch(_text(page, "url")):
        return ""
    title, url = one_line(_text(page, "title"), longest=200), one_line(_text(page, "url"), longest=1000)
    return f"{title} – {url}" if title else url
