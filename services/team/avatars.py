"""Pictures of agents: kept in the store of files, named by their agent, shown to colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from extensions import db, files
from models import Agent
from services.conversations import attachments
from services.conversations.attachments import Upload
from services.errors import N_, InvalidInput
from services.uow import unit_of_work

LARGEST_PICTURE = 2 * 1024 * 1024
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")


@dataclass(frozen=True)
class Picture:
    """A picture that is shown."""

    path: Path
    media_type: str


def keep(agent_id: int, upload: Upload) -> None:
    """Make this the agent's picture.

    Raises:
        InvalidInput: it is too large, or no picture that every browser shows.
    """
    if upload.content.seek(0, 2) > LARGEST_PICTURE:
        raise InvalidInput("picture", N_("The picture is too large: at most 2 MB fit."))
    upload.content.seek(0)
    if attachments.media_type(upload.content.read(attachments.HEAD)) not in MEDIA_TYPES:
        raise InvalidInput("picture", N_("Choose a PNG, JPEG or WebP picture."))
    [stored] = attachments.store([upload])
    _replace(agent_id, stored.public_id)


def remove(agent_id: int) -> None:
    """Show the agent's initials again."""
    _replace(agent_id, "")


def find(name: str) -> Picture | None:
    """The picture of this name, if it is an agent's."""
    known = db.session().scalar(select(Agent.avatar).where(Agent.avatar == name, Agent.avatar != ""))
    if known is None or not files.path(known).is_file():
        return None
    path = files.path(known)
    with path.open("rb") as content:
        return Picture(path, attachments.media_type(content.read(attachments.HEAD)))


def _replace(agent_id: int, name: str) -> None:
    with unit_of_work() as session:
        agent = session.get_one(Agent, agent_id)
        former, agent.avatar = agent.avatar, name
    if former:
        files.path(former).unlink(missing_ok=True)
