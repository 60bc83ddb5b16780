"""Tokens: words in addresses that open something. The database keeps digests: reading it opens nothing."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """A word that nobody can guess."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of one. They are long and random: a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
