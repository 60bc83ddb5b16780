"""Sentences that were kept in English, because nobody knew yet who would read them, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import gettext

_PLACE = re.compile(r"%\((\w+)\)s")


class Kept:
    """Translates a kept sentence; what is none of the known ones is shown as it stands."""

    def __init__(self, sentences: Sequence[str]) -> None:
        self._patterns = [(sentence, _pattern(sentence)) for sentence in sentences]

    def __call__(self, kept: str) -> str:
        """The sentence, in the language of the present locale."""
        for sentence, pattern in self._patterns:
            if found := pattern.fullmatch(kept):
                return str(gettext(sentence, **found.groupdict()))
        return kept


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _PLACE.split(sentence)
    return re.compile("".join(f"(?P<{part}>.+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))
