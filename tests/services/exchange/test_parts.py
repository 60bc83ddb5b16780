"""Parts: long texts are cut where a reader would pause, nothing gets lost, files go where they fit."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from models import Message
from services.conversations import attachments, chats
from services.exchange import parts
from services.exchange.parts import Part
from tests import factories as make


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("short", ["short"]),
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("Is one here?! Two is there.", ["Is one here?!", "Two is there."]),
        ('He said "no." She left then.', ['He said "no."', "She left then."]),
        ("A first line\nand a second one", ["A first line", "and a second one"]),
        ("It costs 3.50 in most shops", ["It costs 3.50 in", "most shops"]),
        ("words and words and words", ["words and words and", "words"]),
        ("one。two。three。four。five。", ["one。two。three。four。", "five。"]),
        ("No. And on it goes for ever", ["No. And on it goes", "for ever"]),
        ("x" * 45, ["x" * 20, "x" * 20, "x" * 5]),
    ],
)
def test_a_text_is_cut_at_the_ends_of_sentences_then_between_words_then_anywhere(text: str, found: list[str]) -> None:
    assert parts.split(text, 20) == found


def test_a_sentence_that_just_fits_is_left_whole() -> None:
    assert parts.split("Twenty signs, it is. More.", 20) == ["Twenty signs, it is.", "More."]


def test_what_counts_twice_in_browsers_counts_twice() -> None:
    assert parts.split("😀" * 12, 20) == ["😀" * 10, "😀" * 2]


@pytest.mark.parametrize("joined", ["👩\u200d🚀", "e\u0301", "❤\ufe0f"])
def test_signs_that_belong_together_stay_together(joined: str) -> None:
    for before in range(12):
        found = parts.split("x" * before + joined * 12, 20)
        assert "".join(found) == "x" * before + joined * 12
        assert not any(part[0] in "\u200d\u0301\ufe0f" or part[-1] == "\u200d" for part in found)


@given(st.text(st.sampled_from("ab .!?\n😀é。\u0301\u200d"), max_size=200), st.integers(2, 30))
def test_nothing_gets_lost_and_every_part_fits(text: str, longest: int) -> None:
    text = text.strip()
    found = parts.split(text, longest)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < parts.length(part) <= longest for part in found)
    assert all(part == part.strip() for part in found)


class TestFiles:
    def message(self, text: str, *names: str) -> Message:
        """An answer with these files."""
        uploads = [attachments.Upload(name, io.BytesIO(b"plain words")) for name in names]
        case = make.chat(channel=make.chatra())
        return chats.reply(case.id, make.agent(), text, files=attachments.store(uploads))

    def test_go_with_the_last_words(self, app: Flask) -> None:
        message = self.message("First part. " * 3 + "Last part.", "a.txt", "b.txt")
        *before, last = parts.of(message, 1000)
        assert before == []
        assert last == Part(message.text, tuple(file.public_id for file in message.attachments))

    def test_go_behind_the_last_words_where_they_do_not_fit(self, app: Flask) -> None:
        message = self.message("x" * 600, "a.txt", "b.txt", "c.txt")
        first, second, third = message.attachments
        assert parts.of(message, 700) == [
            Part("x" * 600),
            Part("", (first.public_id, second.public_id)),
            Part("", (third.public_id,)),
        ]

    def test_go_alone_without_any_words(self, app: Flask) -> None:
        message = self.message("", "a.txt")
        assert parts.of(message, 5000) == [Part("", (message.attachments[0].public_id,))]
