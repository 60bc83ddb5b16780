"""What a person reads or hears of a page, and which of its words are English."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# What is written alike in every language: our own name and a vendor's, people, keys, abbreviations.
ALLOWED = {
    "Deskbell",
    "Chatra",
    "chatStarted",
    "chatFragment",
    "chatTranscript",
    "Chaport",
    "Ann",
    "Bob",
    "Maria",
    "Support",
    "English",
    "Enter",
    "Webhooks",
    "API",
    "ID",
    "IP",
    "UTC",
    "PNG",
    "JPEG",
    "WebP",
    "CSV",
    "TOTP",
    "QR",
    "https",
}
_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_WORD = re.compile(r"\S*[@/]\S*|\S*\w\.\w\S*|\{\w+\}")  # addresses, and places that scripts fill in


class Visible(HTMLParser):
    """Collects the texts of a page that people meet, without keys and code."""

    _UNSEEN = frozenset({"script", "style", "kbd", "pre", "code"})
    _SPOKEN = frozenset({"title", "aria-label", "placeholder", "alt", "hx-confirm"})
    _SHOWN_BY_SCRIPTS = frozenset({"data-label", "data-empty", "data-done", "data-customer"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep the attributes that are read out or that scripts show."""
        if tag in self._UNSEEN or ("class", "copy-source") in attributes:
            self._inside = tag
        self.texts += [value or "" for name, value in attributes if self._is_told(name)]

    def handle_endtag(self, tag: str) -> None:
        """See again what follows."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, text: str) -> None:
        """Keep a text."""
        if not self._inside:
            self.texts.append(text)

    def _is_told(self, attribute: str) -> bool:
        return attribute in self._SPOKEN | self._SHOWN_BY_SCRIPTS or attribute.startswith("data-text")


def english_words(html: str) -> list[str]:
    """The words of a page or fragment that a Russian reader should not meet."""
    visible = Visible()
    visible.feed(html)
    visible.close()
    return [word for text in visible.texts for word in english_words_in(text)]


def english_words_in(text: str) -> list[str]:
    """The same of a plain text."""
    return [word for word in _WORD.findall(_NO_WORD.sub(" ", text)) if word not in ALLOWED]
