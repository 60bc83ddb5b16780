"""Web Push: a note to a browser through the push service that it has chosen (RFC 8030, 8188, 8291, 8292).

Encrypted so that the push service cannot read it. The libraries for that are loaded with the first note: only the
worker that sends any pays for them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from channels.base import ChannelError
from channels.http import HttpClient

_GONE = (404, 410)
_SIGNED_FOR_SECONDS = 3600
_NAME = "The push service"


@dataclass(frozen=True)
class Browser:
    """Where a browser takes notes, and the keys it made for that, in base64url."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True)
class Note:
    """What is sent. It is dropped after `ttl` seconds if the browser cannot be reached, and replaces an undelivered
    one with the same topic (32 letters, digits and dashes at most)."""

    payload: bytes
    topic: str
    ttl: int


class WebPush:
    """Sends notes in the name of one desk.

    Args:
        client: the way out.
        private_key: of the desk, 32 bytes in base64url.
        contact: where the push service's people may complain, "https://…" or "mailto:…".
    """

    def __init__(self, client: HttpClient, *, private_key: str, contact: str) -> None:
        self._client, self._key, self._contact = client, private_key, contact

    def send(self, browser: Browser, note: Note) -> bool:
        """Hand a note over to the push service. Tells whether it still knows this browser.

        Raises:
            ChannelError: it was not taken; permanent where another try would change nothing.
        """
        try:
            headers, body = self._signature(browser.endpoint), _encrypted(browser, note.payload)
        except Exception as error:
            raise ChannelError("The browser's address or keys make no sense.", permanent=True) from error
        headers |= {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(note.ttl),
            "Topic": note.topic,
            "Urgency": "high",
        }
        answer = self._client.call("POST", browser.endpoint, vendor=_NAME, headers=headers, body=body, accept=_GONE)
        return answer.status not in _GONE

    def _signature(self, endpoint: str) -> dict[str, str]:
        from py_vapid import Vapid02

        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "sub": self._contact,
            "exp": int(time.time()) + _SIGNED_FOR_SECONDS,
        }
        return {"Authorization": str(Vapid02.from_raw(self._key.encode()).sign(claims)["Authorization"])}


def _encrypted(browser: Browser, payload: bytes) -> bytes:
    from pywebpush import WebPusher

    keys = {"p256dh": browser.p256dh, "auth": browser.auth}
    return bytes(WebPusher({"endpoint": browser.endpoint, "keys": keys}).encode(payload)["body"])
