"""Lines of the list of cases, each rendered once per language and kept while it is still the same."""

from __future__ import annotations

from functools import lru_cache

from flask import get_template_attribute
from flask_babel import get_locale
from markupsafe import Markup

from services.conversations.cases import CaseRow

_KEPT = 4096


def rendered(rows: list[CaseRow]) -> Markup:
    """The lines of a page, in the reader's language."""
    language = str(get_locale())
    return Markup("").join(_line(row, language) for row in rows)


@lru_cache(maxsize=_KEPT)
def _line(row: CaseRow, _language: str) -> Markup:
    """A row holds all that its line shows: when anything of it changes, it is another row."""
    line: Markup = get_template_attribute("macros/case_row.html", "case_row")(row)
    return line
