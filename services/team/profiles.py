"""Own profiles: what each agent says about themselves, and how the desk looks to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import Agent
from services.errors import N_, InvalidInput
from services.uow import unit_of_work

from . import agents
from .signatures import checked_signature

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True)
class Profile:
    """An agent's own choices. `keeps_status`: a sign-in leaves the status as it was left."""

    name: str
    language: str
    theme: str = "auto"
    signature: str = ""
    keeps_status: bool = False


def change(agent_id: int, profile: Profile, *, languages: Sequence[str]) -> None:
    """Keep an agent's profile.

    Args:
        agent_id: whose profile.
        profile: what they have chosen.
        languages: those the desk speaks.

    Raises:
        InvalidInput: a value cannot be taken.
    """
    name, signature = agents.checked_name(profile.name), checked_signature(profile.signature)
    if profile.language not in languages:
        raise InvalidInput("language", N_("Choose one of the languages."))
    if profile.theme not in THEMES:
        raise InvalidInput("theme", N_("Choose light, dark or automatic."))
    with unit_of_work() as session:
        agent = session.get_one(Agent, agent_id)
        agent.name, agent.signature = name, signature
        agent.language, agent.theme, agent.keeps_status = profile.language, profile.theme, profile.keeps_status
