"""The rows of a form that say which of the vendor's groups goes to which of the desk's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from services.exchange.channel_settings import LONGEST_ID, clean_id

# For browsers without scripts, which cannot add any.
SPARE = 3
# No id of a group is longer, and a very long number takes very long to read.
_DIGITS = 20


@dataclass(frozen=True)
class Row:
    """One pair as it stands in the form; no group where none is chosen.

    `error` says what is wrong with it, `is_groups` that it is the group and not the vendor's id.
    """

    vendor_id: str = ""
    group: int | None = None
    error: str = ""
    is_groups: bool = False


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
    rows = [Row(clean_id(vendor_id), _number(group)) for vendor_id, group in pairs]
    filled = [row for row in rows if row.vendor_id or row.group]
    return [_checked(row, filled[:number], groups) for number, row in enumerate(filled)]


def chosen(rows: Sequence[Row]) -> dict[str, int]:
    """The pairs of rows with which nothing is wrong."""
    return {row.vendor_id: row.group for row in rows if row.group is not None and not row.error}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else None


def _checked(row: Row, before: Sequence[Row], groups: Collection[int]) -> Row:
    if error := _error_of_id(row, before):
        return replace(row, error=error)
    return row if row.group in groups else replace(row, error=str(gettext("Choose a group.")), is_groups=True)


def _error_of_id(row: Row, before: Sequence[Row]) -> str:
    if not row.vendor_id:
        return str(gettext("Enter the id of the vendor's group, or choose no group."))
    if len(row.vendor_id) > LONGEST_ID:
        return str(gettext("At most %(most)s characters fit.", most=LONGEST_ID))
    if any(row.vendor_id == other.vendor_id for other in before):
        return str(gettext("This id stands in another row already."))
    return ""
