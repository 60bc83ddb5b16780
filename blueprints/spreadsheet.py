"""Tables for spreadsheets: CSV as these programs read it, in UTF-8, and nothing in it that they would calculate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def download(name: str, rows: Iterable[Sequence[str]]) -> Response:
    """A file of this name. What looks like a formula is marked as text (OWASP, "CSV injection")."""
    text = io.StringIO()
    csv.writer(text).writerows([_as_text(cell) for cell in row] for row in rows)
    # The mark at the front tells Excel that it is UTF-8.
    answer = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
