"""Websocket frames as bytes (RFC 6455 §5.2): built once, sent to every browser."""

from __future__ import annotations

import struct

_TEXT = 0x81
_PING = 0x89

PING = bytes((_PING, 0))


def text_frame(text: str) -> bytes:
    """A whole, unmasked text frame."""
    data = text.encode()
    size = len(data)
    if size < 126:
        return bytes((_TEXT, size)) + data
    if size < 65536:
        return struct.pack(">BBH", _TEXT, 126, size) + data
    return struct.pack(">BBQ", _TEXT, 127, size) + data


BEAT = text_frame('{"beat": 1}')
RESYNC = text_frame('{"resync": true}')
