"""Which channels there are. A new one is a folder and a line here."""

from __future__ import annotations

from channels.base import Adapter, Connection
from channels.chatra.adapter import ChatraAdapter
from channels.http import HttpClient
from channels.widget.adapter import WidgetAdapter

KINDS: dict[str, type[ChatraAdapter | WidgetAdapter]] = {
    adapter.kind: adapter
    for adapter in (
        ChatraAdapter,
        WidgetAdapter,
    )
}


def adapter_for(connection: Connection, *, http: HttpClient, chatra_api_url: str) -> Adapter:
    """Build the adapter of a connected channel.

    Args:
        chatra_api_url: base address of Chatra's API; a setting of the deployment, so that tests can use their own.

    Raises `KeyError` for a kind that has no adapter.
    """
    base_urls = {ChatraAdapter.kind: chatra_api_url.rstrip("/")}
    return KINDS[connection.kind](connection, http, base_urls.get(connection.kind, ""))
