"""Takes keys and personal data out of what a vendor and we have said to each other, and leaves its structure.

Names of keys, null, yes and no stay. Every text and number becomes a placeholder of the same shape and length: letters
become a–h, digits 2–9, what stands between them stays; equal values have equal placeholders. Times are moved, all by
the same.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST_AGO = timedelta(days=400)
_DIGITS, _UPPER, _LOWER = "23456789", "ABCDEFGH", "abcdefgh"
_OTHER_UPPER, _OTHER_LOWER, _SYMBOLS = "АБВГДЕЖЗ", "абвгдежз", "🙂🙃😀😃😄😁😆😅"
_KEY = re.compile(r"[^\W\d][\w $.:/-]{0,59}")
# Looks like an id that somebody's machine has made up, an address or a telephone number.
_PRIVATE_KEY = re.compile(r"[@/]|\d{5}|(?=\w*\d)(?=\w*[A-Za-z])\w{12,}|^(?=(\w*[A-Z]){4})\w{17}$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_ENUMERATED = re.compile(r"[A-Za-z]{2,30}")
_LIMIT = re.compile(r"\d{1,6}([;,] ?(w=)?\d{1,6})*")
_LIMIT_NAMES = re.compile(r"retry-after|rate-?limit")
# A shorter text stands in half of all words.
_SHORTEST = 4
# The keys that lead to a value; lists on the way are none.
Place = tuple[str, ...]
_MEDIA = frozenset({"application/json", "text/html", "text/plain"})


class Redaction:
    """One recording's placeholders.

    Args:
        everything: all that is going to be redacted; a key that contains one of its texts is not kept.
        words: keys and parts of paths that are the vendor's own, kept whatever stands elsewhere.
        named: places whose values are the vendor's own words, such as the name of an event: all keys on the way there.
        ours: values that are kept.
        now: all times are moved by what this is away from the beginning of 2026.
    """

    def __init__(
        self,
        everything: object,
        *,
        words: Collection[str] = (),
        named: Collection[Place] = (),
        ours: Collection[str] = (),
        now: datetime | None = None,
    ) -> None:
        self._words, self._named, self._ours = frozenset(words), frozenset(named), frozenset(ours)
        self._now = now or datetime.now(UTC)
        self._placeholders: dict[str, str] = {}
        self._used: dict[str, int] = {}
        told = {text.casefold() for text in _texts(everything, self._named) if len(text) >= _SHORTEST}
        self._texts = told - {word.casefold() for word in (*self._words, *self._ours)}

    def value(self, value: object, *place: str) -> Any:  # noqa: ANN401  JSON in, JSON out
        """The same JSON with placeholders; it stands at this place."""
        if isinstance(value, dict):
            return {self.key(str(name)): self.value(inner, *place, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner, *place) for inner in value]
        if isinstance(value, str):
            return value if self._is_kept(value, place) else self.text(value)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value) if isinstance(value, (int, float)) else None

    def key(self, name: str) -> str:
        """A key: a name that says nothing about anybody."""
        if name in self._words:
            return name
        is_plain = _KEY.fullmatch(name) and not _PRIVATE_KEY.search(name)
        return name if is_plain and not self._is_told(name) else self.text(name)

    def path(self, path: str) -> str:
        """A path whose ids are placeholders."""
        return "/".join(
            part if part in self._words else quote(self.text(unquote(part)), safe="") for part in path.split("/")
        )

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those that say what an answer is and how often one may call; what else stands in them is redacted."""
        kept = {}
        for name, value in headers.items():
            media = value.partition(";")[0].strip().lower()
            if name == "content-type":
                kept[name] = media if media in _MEDIA else self.text(media)
            elif _LIMIT_NAMES.search(name) and not self._is_told(name):
                kept[name] = value if _LIMIT.fullmatch(value) else self.text(value)
        return kept

    def text(self, text: str) -> str:
        """A text's placeholder, the same each time."""
        if text not in self._placeholders:
            self._placeholders[text] = self._moved(text) or self._new(text)
        return self._placeholders[text]

    def _is_kept(self, value: str, place: Place) -> bool:
        if value in self._ours:
            return True
        return place in self._named and bool(_ENUMERATED.fullmatch(value)) and not self._is_told(value)

    def _is_told(self, name: str) -> bool:
        folded = name.casefold()
        return any(text in folded for text in self._texts)

    def _number(self, number: int | float) -> int | float:
        if isinstance(number, int) and (at := self._recent(number)):
            return int(self._shifted(at).timestamp() * 1000)
        placeholder = self.text(repr(number))
        try:
            return type(number)(placeholder)
        except ValueError:
            return 2.5

    def _moved(self, text: str) -> str:
        """A recent time, as it is written; empty for anything else."""
        if text.isascii() and text.isdigit() and (at := self._recent(int(text[:20]))):
            return str(int(self._shifted(at).timestamp() * 1000))
        found, at = _ISO.fullmatch(text), _written(text)
        if not found or not at or not self._recent(int(at.timestamp() * 1000)):
            return ""
        moved = self._shifted(at)
        fraction = "." + "0" * (len(found[1]) - 1) if found[1] else ""
        return f"{moved:%Y-%m-%d}{text[10]}{moved:%H:%M:%S}{fraction}{found[2] or ''}"

    def _recent(self, milliseconds: int) -> datetime | None:
        try:
            at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return at if self._now - _LONGEST_AGO < at < self._now + timedelta(days=1) else None

    def _shifted(self, at: datetime) -> datetime:
        return _EPOCH + (at - self._now)

    def _new(self, text: str) -> str:
        shape = _address(text) or "".join(map(_alphabet_name, text))
        while True:
            number = self._used[shape] = self._used.get(shape, -1) + 1
            made = _special(text, number) or _counted(text, number)
            if made != text or not shape.strip("."):
                return made


def _written(text: str) -> datetime | None:
    """The time that a text is; one without a zone counts as UTC."""
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError:
        return None


def _counted(text: str, number: int) -> str:
    """The text with its letters and digits replaced by those of a number, the last ones first."""
    made = []
    for letter in reversed(text):
        alphabet = _alphabet(letter)
        if alphabet:
            number, place = divmod(number, len(alphabet))
        made.append(alphabet[place] if alphabet else letter)
    return "".join(reversed(made))


def _special(text: str, number: int) -> str:
    """An address that nobody has, for the two sorts of text whose shape alone does not make them one."""
    if kind := _address(text):
        return f"203.0.113.{number % 254 + 1}" if kind == "IPv4" else f"2001:db8::{number % 9999 + 1}"
    scheme = re.match(r"https?://", text)
    return f"{scheme[0]}{_counted(text[scheme.end() :], number)}" if scheme else ""


def _address(text: str) -> str:
    """Which kind of IP address a text is, empty for any other text."""
    try:
        return f"IPv{ipaddress.ip_address(text).version}"
    except ValueError:
        return ""


def _alphabet(letter: str) -> str:
    if letter.isdigit():
        return _DIGITS
    if letter.isalpha():
        if letter.isascii():
            return _UPPER if letter.isupper() else _LOWER
        return _OTHER_UPPER if letter.isupper() else _OTHER_LOWER
    return "" if letter.isascii() else _SYMBOLS


def _alphabet_name(letter: str) -> str:
    return _alphabet(letter)[:1] or "."


def _texts(value: object, named: Collection[Place], place: Place = ()) -> Iterator[str]:
    """All texts but for those that are the vendor's own words."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, named, (*place, str(name)))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner, named, place)
    elif isinstance(value, str) and place not in named:
        yield value
