"""Where a browser takes Web Push is an address that the browser names: it has to lead to the public internet."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from channels.network import is_public
from services.errors import N_, InvalidInput


def require_public(endpoint: str) -> None:
    """Refuse an address whose host is not public. The way out looks again, whenever something is sent.

    Raises:
        InvalidInput: the host is private, or nobody knows it.
    """
    try:
        found = socket.getaddrinfo(urlsplit(endpoint).hostname or "", 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise InvalidInput("endpoint", N_("The desk cannot reach this browser's push service.")) from error
    if not any(is_public(str(entry[4][0])) for entry in found):
        raise InvalidInput("endpoint", N_("The desk cannot reach this browser's push service."))
