"""Example data, made by the same operations that people and vendors use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app import create_app
from channels.base import Author, CustomerData, IncomingMessage
from config import Settings
from demo.chatra import Account
from extensions import db
from models import Agent, Case, Channel
from processes.migration import migrate_database
from services import clock, desk
from services.attendance import statuses
from services.conversations import chats
from services.events import committed
from services.team import agents
from services.uow import unit_of_work
from tests.vendors.chatra import ChatraSimulator

ADMINISTRATOR = "ann@desk.example"
AGENT = "bob@desk.example"
PASSWORD = "demo-password"  # noqa: S105  an example on this machine only


@dataclass(frozen=True)
class Story:
    """A conversation that is over. `lines` take turns, the customer first; the status is None for a waiting chat."""

    customer: str
    email: str
    lines: tuple[str, ...]
    status: str | None
    hours_ago: float


STORIES = (
    Story(
        "Jonas Weber",
        "jonas@example.com",
        ("Do you ship to Switzerland?", "Yes, in three to five days.", "Great, thank you!"),
        "closed",
        27,
    ),
    Story(
        "Priya Nair",
        "priya@example.com",
        ("My invoice shows the wrong address.", "I have corrected it. The new one is on its way to you."),
        "pending",
        5,
    ),
    Story("Lucas Moreau", "lucas@example.com", ("The blue one is out of stock. When is it back?",), "open", 2),
    Story(
        "Aiko Tanaka",
        "aiko@example.com",
        ("Can I change the size of my order?", "Of course. Which size shall it be?", "M, please."),
        "open",
        0.5,
    ),
    Story("Maria Kühn", "maria@example.com", ("Hello, where is my order 7731?",), None, 0),
)


def fill(environ: Mapping[str, str], chatra: ChatraSimulator, desk_url: str) -> str:
    """Fill a fresh desk; returns the key of its widget.

    Args:
        environ: the desk's settings.
        chatra: the simulated account; it runs, and is connected here.
        desk_url: where the desk is going to be.
    """
    app = create_app(Settings.from_environ(environ))
    migrate_database(app)
    # Nobody is there to be told yet: Redis starts with the desk, and the sweeps publish and ring then.
    with app.app_context(), committed.muted():
        ann = agents.create(email=ADMINISTRATOR, name="Ann Fischer", password=PASSWORD, is_admin=True)
        bob = agents.create(email=AGENT, name="Bob Martin", password=PASSWORD)
        for agent in (ann, bob):
            # Who is offline answers nobody; without a browser they soon are again.
            statuses.begin(agent.id)
        widget = desk.first_widget()
        for number, story in enumerate(STORIES):
            _tell(widget.channel, story, ann if number % 2 else bob)
        account = Account(chatra)
        account.tell(ann)
        account.listen(desk_url)
        key = widget.key
        # The desk itself runs in processes of its own.
        db.session.remove()
        db.engine.dispose()
        return key


def _tell(website: Channel, story: Story, agent: Agent) -> None:
    case_id = 0
    for number, line in enumerate(story.lines):
        if number % 2:
            chats.reply(case_id, agent, line)
        else:
            case_id = chats.receive(website, _incoming(story, line, number)).case_id
    if story.status:
        chats.end(case_id, agent, story.status)
        _put_back(case_id, story.hours_ago)


def _incoming(story: Story, line: str, number: int) -> IncomingMessage:
    customer = CustomerData(external_id=story.email, name=story.customer, email=story.email)
    return IncomingMessage(story.email, customer, f"{story.email} {number}", Author.CUSTOMER, line)


def _put_back(case_id: int, hours: float) -> None:
    """Let the list look like a working day."""
    with unit_of_work() as session:
        case = session.get_one(Case, case_id)
        case.updated_at = case.last_message_at = clock.now() - timedelta(hours=hours)
