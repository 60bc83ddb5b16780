"""Where to go after signing in."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import request

HOME = "/chats"


def own_address() -> str:
    """What the request's address names as next: an address of ours, never another site."""
    wanted = request.args.get("next", "")
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    is_line = wanted.isprintable()
    ours = is_line and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc
    return wanted if ours else HOME


def with_next(path: str) -> str:
    """Another step of signing in, which remembers where to go after it."""
    wanted = own_address()
    return path if wanted == HOME else f"{path}?{urlencode({'next': wanted})}"
