"""Parts: a message that is longer than its vendor takes goes out in several, cut where a reader would pause."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from models import Attachment, Message, OutboxItem
from services.conversations.attachments import signed_path

# A link carries our own address before its path, its name before that, and what the adapter puts between them.
_LINK_EXTRA = 200
_SENTENCE_END = re.compile(r"\n+|[.!?…。！？]+[\"'»”)\]]*(?=\s)|[。！？]+")
_GAP = re.compile(r"\s+")
# A part that ends so early would leave the rest as long as it was.
_LEAST = 0.5
_JOINER = "\u200d"


@dataclass(frozen=True)
class Part:
    """What goes out as one message of the vendor's: words, and the public ids of the files that go with them."""

    text: str
    files: tuple[str, ...] = ()


def of(message: Message, longest: int) -> list[Part]:
    """What the vendor is to have of a message, in its order; nothing of one that was deleted.

    Files go with the last words, as far as both fit.

    Args:
        message: of ours.
        longest: what the vendor takes in one message, in UTF-16 units, links included.
    """
    if message.deleted_at is not None:
        return []
    found = [Part(text) for text in split(message.text, longest)]
    for file in message.attachments:
        _add(found, file, message.attachments, longest)
    return found


def said(item: OutboxItem) -> Part:
    """What an item says."""
    return Part(item.text, tuple(item.files))


def split(text: str, longest: int) -> list[str]:
    """Cut a text at the ends of its sentences, else between words, else wherever it must be; no part is empty.

    Args:
        text: without blanks around it.
        longest: UTF-16 units of a part at most: nobody knows how a vendor counts, and no count is higher.
    """
    found = []
    while length(text) > longest:
        end = _end(text, longest)
        found.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return [*found, text] if text else found


def length(text: str) -> int:
    """How long a text is where it counts longest: in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _end(text: str, longest: int) -> int:
    """Where the first part of a text ends that is too long as a whole."""
    most = _fitting(text, longest)
    # What stands behind the cut tells whether a sentence or a word ends there.
    sight = text[: most + 1]
    for pause, behind in ((_SENTENCE_END, True), (_GAP, False)):
        ends = [found.end() if behind else found.start() for found in pause.finditer(sight)]
        fitting = [end for end in ends if most * _LEAST <= end <= most]
        if fitting:
            return fitting[-1]
    return _between_signs(text, most)


def _fitting(text: str, longest: int) -> int:
    """How many characters fit."""
    units = 0
    for place, character in enumerate(text):
        units += 2 if character > "\uffff" else 1
        if units > longest:
            return place
    return len(text)


def _between_signs(text: str, most: int) -> int:
    """A cut that leaves accents and joined emoji whole, unless they go on for ever."""
    end = most
    while end > most // 2 and (_leans(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return end if end > most // 2 else max(most, 1)


def _leans(character: str) -> bool:
    return character == _JOINER or unicodedata.combining(character) > 0 or "\ufe00" <= character <= "\ufe0f"


def _add(found: list[Part], file: Attachment, files: Sequence[Attachment], longest: int) -> None:
    """Put a file to the last part, or behind it where it would not fit."""
    last = found[-1] if found else Part("")
    room = {each.public_id: _room(each) for each in files}
    taken = length(last.text) + sum(room[public_id] for public_id in last.files)
    if found and taken + room[file.public_id] <= longest:
        found[-1] = Part(last.text, (*last.files, file.public_id))
    else:
        found.append(Part("", (file.public_id,)))


def _room(file: Attachment) -> int:
    """What a link takes at most, with the name before it."""
    return length(file.name) + len(signed_path(file)) + _LINK_EXTRA
