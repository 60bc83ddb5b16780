"""The adapter of a channel, ready to call its vendor."""

from __future__ import annotations

from flask import current_app

from channels import registry
from channels.base import Adapter
from channels.http import HttpClient
from extensions import db
from models import Channel
from services import channels


def adapter_of(channel_id: int) -> Adapter:
    """The adapter of a connected channel."""
    settings = current_app.config["DESKBELL"]
    http = HttpClient(trusted=(settings.chatra_api_url,))
    connection = channels.connection(db.session().get_one(Channel, channel_id))
    return registry.adapter_for(connection, http=http, chatra_api_url=settings.chatra_api_url)
