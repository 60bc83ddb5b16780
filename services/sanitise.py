"""Text is cleaned once, on its way in. It stays plain text; pages escape it and turn addresses into links."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from .errors import N_, InvalidInput

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"\s+")
# Joiners and fillers that show nothing: they may stand between letters, but make no name by themselves.
_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2064\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]*"
)
# What stands behind the last dot of a long name and is longer is a part of a sentence.
_LONGEST_EXTENSION = 20


def _sound(text: str) -> str:
    """Text that every database and browser takes: no lone surrogates, no control or direction-override characters."""
    whole = text.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFC", _CONTROLS.sub("", whole))


def message_text(text: str, *, longest: int, may_be_empty: bool = False) -> str:
    """A message's text: line ends unified, control and direction-override characters removed.

    Args:
        text: as it came.
        longest: characters at most.
        may_be_empty: True for a message that carries files.

    Raises:
        InvalidInput: it is empty or too long.
    """
    clean = _sound(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not clean and not may_be_empty:
        raise InvalidInput("text", N_("Write something first."))
    if len(clean) > longest:
        raise InvalidInput(
            "text", N_("At most %(most)s characters fit; this has %(given)s."), most=longest, given=len(clean)
        )
    return clean


def one_line(text: str, *, longest: int) -> str:
    """A name or similar: one line, cut to `longest` characters."""
    return _line(text)[:longest].rstrip()


def file_name(text: str, *, longest: int) -> str:
    """A file's name: one line of `longest` characters at most; what is cut is cut before the extension."""
    line = _line(text.replace("/", "_").replace("\\", "_"))
    extension = PurePath(line).suffix
    if len(line) <= longest or len(extension) > _LONGEST_EXTENSION:
        return line[:longest].rstrip()
    return line[: longest - len(extension)].rstrip() + extension


def _line(text: str) -> str:
    line = _SPACES.sub(" ", _sound(text)).strip()
    return "" if _INVISIBLE.fullmatch(line) else line
