"""The gallery: what is connected and how it does, and what can be."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, request
from flask_babel import gettext

from blueprints.htmx import page_or_block
from blueprints.security import administrators_only
from blueprints.wording import channel_title
from models import Channel
from services.exchange import channels, log

bp = Blueprint("integrations", __name__, url_prefix="/settings/integrations")


@dataclass(frozen=True)
class Card:
    """One thing in the gallery. Without a channel it can be connected at `href`, or not yet where there is none."""

    kind: str
    name: str
    channel: Channel | None = None
    text: str = ""
    href: str = ""

    def is_called(self, wanted: str) -> bool:
        """Whether somebody who looks for this means it."""
        title = channel_title(self.channel.kind) if self.channel else self.name
        return wanted.casefold() in f"{self.name} {title}".casefold()


@bp.get("")
@administrators_only
def index() -> str:
    """All connections, and the vendors of whom there is none yet."""
    found = channels.everything()
    kinds = {channel.kind for channel in found}
    cards = [Card(channel.kind, channel.name, channel, href=f"{bp.url_prefix}/{channel.id}") for channel in found]
    own = [card for card in cards if card.channel and channels.capabilities(card.channel).own_socket]
    others = [card for card in cards if card not in own]
    missing = [card for card in _vendors() if card.kind not in kinds]
    blocks = {gettext("Live chat"): own, gettext("Other integrations"): [*others, *missing]}
    return _shown(blocks, disconnected=channels.disconnected(), is_adding=False)


@bp.get("/new")
@administrators_only
def add() -> str:
    """What can be connected."""
    return _shown({gettext("Other integrations"): _vendors()}, disconnected=[], is_adding=True)


def _vendors() -> list[Card]:
    return [
        Card(
            "chatra",
            "Chatra",
            text=gettext("Chats from your Chatra account come here, your answers go back."),
            href=f"{bp.url_prefix}/chatra",
        ),
        Card("chaport", "Chaport", text=gettext("Comes with a later version: it cannot be connected yet.")),
    ]


def _shown(blocks: dict[str, list[Card]], *, disconnected: list[Channel], is_adding: bool) -> str:
    wanted = " ".join(request.args.get("q", "").split())
    found = {title: [card for card in cards if card.is_called(wanted)] for title, cards in blocks.items()}
    return page_or_block(
        "integrations/gallery.html",
        "gallery",
        blocks={title: cards for title, cards in found.items() if cards},
        disconnected=[] if wanted else disconnected,
        aside=log.set_aside(),
        is_adding=is_adding,
        wanted=wanted,
        active_section="settings",
    )
