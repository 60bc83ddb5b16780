"""The rows of a form that say which of the vendor's groups goes to which of the desk's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

# For browsers without scripts, which cannot add any.
SPARE = 3


@dataclass(frozen=True)
class Row:
    """One pair as it stands in the form; no group where none is chosen. `error` says what is wrong with it."""

    vendor_id: str = ""
    group: int | None = None
    error: str = ""


def shown(routes: Mapping[str, int]) -> list[Row]:
    """The rows of what is kept."""
    return [Row(vendor_id, group) for vendor_id, group in routes.items()]


def sent(form: MultiDict[str, str], groups: Collection[int]) -> list[Row]:
    """The rows that were filled in, each with what is wrong with it.

    Args:
        form: what was sent.
        groups: the ids of the groups that may be chosen.
    """
    pairs = zip(form.getlist("route_id"), form.getlist("route_group"), strict=False)
    rows = [Row(vendor_id.strip(), int(group) if group.isdecimal() else None) for vendor_id, group in pairs]
    filled = [row for row in rows if row.vendor_id or row.group]
    return [replace(row, error=_error(row, filled[:number], groups)) for number, row in enumerate(filled)]


def chosen(rows: Sequence[Row]) -> dict[str, int]:
    """The pairs of rows with which nothing is wrong."""
    return {row.vendor_id: row.group for row in rows if row.group is not None and not row.error}


def _error(row: Row, before: Sequence[Row], groups: Collection[int]) -> str:
    if not row.vendor_id:
        return str(gettext("Enter the id of the vendor's group, or choose no group."))
    if row.group not in groups:
        return str(gettext("Choose a group."))
    if any(row.vendor_id == other.vendor_id for other in before):
        return str(gettext("This id stands in another row already."))
    return ""
