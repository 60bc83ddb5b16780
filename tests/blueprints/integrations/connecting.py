"""What administrators do and see in Settings → Integrations, in the words of the tests."""

from __future__ import annotations

import re

from sqlalchemy import select

from extensions import db
from models import AuditEntry, Channel
from services.team import groups
from tests.browsing import Browser
from tests.vendors.chatra import ChatraSimulator

GALLERY = "/settings/integrations"
CONNECT = f"{GALLERY}/chatra"


def keys(chatra: ChatraSimulator, **changed: str) -> dict[str, str]:
    return {"public_key": chatra.keys.public, "secret_key": chatra.keys.secret, **changed}


def filled_in(**changed: object) -> dict[str, object]:
    return {"name": "Chatra", "group": groups.first().id, "panel": "informational", **changed}


def connect(admin: Browser, chatra: ChatraSimulator, **changed: object) -> str:
    answer = admin.submit(CONNECT, **filled_in(**keys(chatra)) | changed)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def newest() -> Channel:
    db.session.rollback()
    return db.session.scalars(select(Channel).order_by(Channel.id.desc()).limit(1)).one()


def page_of(channel: Channel) -> str:
    return f"{GALLERY}/{channel.id}"


def tile(page: str, name: str) -> str:
    """What a gallery says of one thing."""
    tiles = re.findall(r'<li class="tile">(.*?)</li>', page, re.DOTALL)
    (found,) = [tile for tile in tiles if re.search(rf"<h4>(<a[^>]*>)?{name}<", tile)]
    return found


def states(page: str) -> list[str]:
    """The states of the channels that a page shows, in words."""
    return re.findall(r'<span class="badge" data-state="[a-z]+">([^<]+)</span>', page)


def audited(field: str) -> tuple[object, object]:
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.field == field).order_by(AuditEntry.id.desc()))
    found = entry.first()
    assert found is not None
    return found.before, found.after
