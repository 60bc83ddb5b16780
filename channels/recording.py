"""Keeps what a vendor really answered, without keys and personal data, as a file that tests replay."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from channels.base import Delivery
from channels.checking import Point
from channels.http import Exchange
from channels.redaction import Place, Redaction

FORMAT = 1
_MOST_TEXT = 2000
_WEBHOOK = "webhook"


@dataclass(frozen=True)
class Vocabulary:
    """What of a vendor's words is no secret.

    Args:
        words: keys, and the parts of paths that are no ids.
        named: places whose values are words of the vendor's own, such as the name of an event. They begin with
            "webhook", or with the first part of the path of a call.
        ours: values by which we know ourselves.
    """

    words: frozenset[str] = frozenset()
    named: frozenset[Place] = frozenset()
    ours: frozenset[str] = frozenset()


def recording(
    kind: str,
    *,
    base_url: str,
    exchanges: Sequence[Exchange],
    webhooks: Sequence[Delivery],
    points: Sequence[Point],
    secrets: Collection[str],
    vocabulary: Vocabulary,
) -> dict[str, Any]:
    """All that was said, redacted.

    Args:
        kind: of the channel.
        base_url: what the addresses of the exchanges begin with; it is left out.
        exchanges: calls of ours, oldest first.
        webhooks: of the vendor's, oldest first.
        points: what the check has made of it; of their answers only the verdict is kept.
        secrets: keys of the account and what else must not appear even as part of a key.
        vocabulary: the vendor's.
    """
    bodies = [webhook.body or _decoded(webhook.raw) for webhook in webhooks]
    paths = [unquote(_path(each, base_url)).split("/") for each in exchanges]
    spoken = [{_about(each, base_url): [each.sent, _said(each)]} for each in exchanges]
    redaction = Redaction(
        [{_WEBHOOK: bodies}, paths, spoken, list(secrets)],
        words=vocabulary.words,
        named=vocabulary.named,
        ours=vocabulary.ours,
    )
    return {
        "format": FORMAT,
        "kind": kind,
        "recorded": f"{datetime.now(UTC):%Y-%m}",
        "points": [{"section": point.section, "asked": point.asked, "verdict": point.verdict} for point in points],
        "exchanges": [_exchange(each, base_url, redaction) for each in exchanges],
        "webhooks": [redaction.value(body, _WEBHOOK) for body in bodies],
    }


def write(path: Path, recorded: Mapping[str, Any], *, replace: bool = False) -> None:
    """Write a recording to a file that only its owner may read.

    Raises:
        FileExistsError: there is such a file, and it is not to be replaced.
        OSError: it cannot be written.
    """
    raw = json.dumps(recorded, indent=2, ensure_ascii=True) + "\n"
    if replace:
        path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(raw)


def _exchange(exchange: Exchange, base_url: str, redaction: Redaction) -> dict[str, Any]:
    told: dict[str, Any] = {
        "method": exchange.method,
        "path": redaction.path(_path(exchange, base_url)),
        "status": exchange.status,
        "headers": redaction.headers(exchange.headers),
    }
    about = _about(exchange, base_url)
    if isinstance(exchange.sent, Mapping):
        told["sent"] = redaction.value(dict(exchange.sent), about)
    said = redaction.value(_said(exchange), about)
    return told | {"text" if isinstance(said, str) and exchange.body is None else "body": said}


def _path(exchange: Exchange, base_url: str) -> str:
    return exchange.url.removeprefix(base_url)


def _about(exchange: Exchange, base_url: str) -> str:
    """The first part of the path: what the call was about."""
    return _path(exchange, base_url).strip("/").partition("/")[0]


def _said(exchange: Exchange) -> object:
    """The decoded answer, else the beginning of its text."""
    return _beginning(exchange.raw) if exchange.body is None else exchange.body


def _decoded(raw: bytes) -> object:
    """A webhook that is no JSON object: other JSON, else the beginning of its text."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return _beginning(raw)


def _beginning(raw: bytes) -> str:
    return raw[:_MOST_TEXT].decode("utf-8", "replace")
