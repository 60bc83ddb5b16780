"""What tests need in the database, made the way the product makes it."""

from __future__ import annotations

import itertools
from datetime import datetime

from channels.base import Author, CustomerData, IncomingMessage
from extensions import db
from models import Agent, Case, Channel, Message, Role
from services import desk
from services.attendance import statuses
from services.conversations import chats
from services.exchange import channels, disconnecting
from services.team import agents, groups, handing_over, roles
from services.team.roles import Preset

_numbers = itertools.count(1)


def agent(name: str = "Ann", *, admin: bool = False, language: str = "") -> Agent:
    """An agent who is online and can sign in with the password "correct horse"."""
    number = next(_numbers)
    made = agents.create(
        email=f"{name.lower()}{number}@desk.example",
        name=name,
        password="correct horse",
        is_admin=admin,
        language=language,
    )
    statuses.begin(made.id)
    return made


def role(name: str = "First line") -> Role:
    """A role with full access."""
    return roles.create(Preset(f"{name} {next(_numbers)}"))


def website() -> Channel:
    """The channel of our own widget."""
    return desk.first_widget().channel


def chatra() -> Channel:
    """A connected Chatra account."""
    return channels.connect(
        kind="chatra",
        family="live_chat",
        name="Chatra",
        group=groups.first(),
        credentials={"public_key": "fake-public-key", "secret_key": "fake-secret-key"},
    )


def incoming(
    text: str = "Hello",
    *,
    visitor: str = "visitor",
    name: str = "Maria",
    id: str | None = None,
    said_at: datetime | None = None,
    author: Author = Author.CUSTOMER,
) -> IncomingMessage:
    """Something said outside the desk."""
    external_id = f"message {next(_numbers)}" if id is None else id
    return IncomingMessage(
        conversation=visitor,
        customer=CustomerData(external_id=visitor, name=name),
        external_id=external_id,
        author=author,
        text=text,
        said_at=said_at,
    )


def chat(text: str = "Hello", *, channel: Channel | None = None, visitor: str = "visitor") -> Case:
    """An active chat that a customer has begun."""
    message = chats.receive(channel or website(), incoming(text, visitor=visitor))
    return case_of(message)


def case_of(message: Message) -> Case:
    """The case of a message, fresh."""
    return fresh(db.session.get_one(Case, message.case_id))


def fresh(case: Case) -> Case:
    """The case as the database has it now."""
    db.session.rollback()
    db.session.refresh(case)
    return case


def disconnected(channel: Channel, status: str = "open") -> None:
    """Disconnect a channel and see to all that it leaves behind."""
    disconnecting.disconnect(channel.id, status)
    for _ in disconnecting.steps(f"{disconnecting.STREAM}{channel.id}"):
        pass


def handed_over() -> None:
    """Whatever agents who have left and closed groups leave behind is handed over to the last case."""
    for stream in handing_over.unfinished():
        for _ in handing_over.steps(stream):
            pass
