"""Tolerant readings of single JSON values: whatever Chatra sends, each gives a value of one type and never raises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

_FIRST_YEAR = 2000
_LAST_YEAR = 2100
_DEEPEST = 2


def record(value: object) -> Json:
    """Return an object as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> list[Json]:
    """Return the objects of a list, and nothing for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text or whole number as text that every database can hold: no NUL, no halves of surrogate pairs."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def first(source: Json, *keys: str) -> object:
    """Return the first value that is there and not null."""
    return next((source[key] for key in keys if source.get(key) is not None), None)


def moment(value: object) -> datetime | None:
    """Read a time given in milliseconds or as ISO text (chatra.md §1.6).

    A time outside 2000–2099 is none: better the time of arrival than one that some other unit made up.
    """
    try:
        found = _moment(value)
        return found if found and _FIRST_YEAR <= found.year < _LAST_YEAR else None
    except (ValueError, OverflowError, OSError):
        return None


def _moment(value: object) -> datetime | None:
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000, UTC)
    if not isinstance(value, str):
        return None
    found = datetime.fromisoformat(value.strip())
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def readable(value: object, depth: int = _DEEPEST) -> str:
    """Return any value as a person would read it; what lies deeper than two levels is left out."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(value)
    if isinstance(value, (dict, list)):
        inside = list(value.values()) if isinstance(value, dict) else value
        parts = [readable(entry, depth - 1) for entry in inside] if depth else []
        return ", ".join(part for part in parts if part)
    return text(value).strip()
