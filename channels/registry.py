"""Which channels there are. A new one is a folder and a line here."""

from __future__ import annotations

from functools import cached_property

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


class Registry:
    """Builds adapters with the one HTTP client of the process.

    Args:
        chatra_api_url: base address of Chatra's API; a setting of the deployment, so that tests can use their own.
    """

    def __init__(self, *, chatra_api_url: str) -> None:
        self._base_urls = {ChatraAdapter.kind: chatra_api_url.rstrip("/")}

    @cached_property
    def http(self) -> HttpClient:
        """The client, made when it is first needed: its TLS roots take a while to read."""
        return HttpClient(trusted=tuple(self._base_urls.values()))

    def adapter(self, connection: Connection) -> Adapter:
        """The adapter of a connected channel. Raises `KeyError` for a kind that has none."""
        return KINDS[connection.kind](connection, self.http, self._base_urls.get(connection.kind, ""))
