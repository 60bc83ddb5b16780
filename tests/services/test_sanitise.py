"""What becomes of text on its way in: plain, whole, harmless, and never changed twice."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.errors import InvalidInput
from services.sanitise import message_text, one_line

LONGEST = 200
ANYTHING = st.text(st.characters(codec=None), max_size=LONGEST // 4)
TURNING = "".join(map(chr, [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def message(text: str) -> str:
    return message_text(text, longest=LONGEST, may_be_empty=True)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Hello", "Hello"),
        ("  Hello \n\n", "Hello"),
        ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
        ("a\tb", "a\tb"),
        ("a  b\n\n\n  c", "a  b\n\n\n  c"),
        ("nul\x00 bell\x07 escape\x1b[31m", "nul bell escape[31m"),
        (f"pay{TURNING} now", "pay now"),
        ("cafe\u0301", "café"),
        ("half \ud83d of a pair", "half ? of a pair"),
        ("👨‍👩‍👧 ❤️", "👨‍👩‍👧 ❤️"),
        ("<b>bold</b> & 'more'", "<b>bold</b> & 'more'"),
        ("https://shop.example/?a=1&b=2", "https://shop.example/?a=1&b=2"),
    ],
)
def test_a_message_keeps_its_words_and_lines_and_loses_what_is_harmful(text: str, clean: str) -> None:
    assert message(text) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Maria", "Maria"),
        ("  Maria \n Lopez\t", "Maria Lopez"),
        ("Ma\x00ria\u202e", "Maria"),
        ("Maria\u00a0Lopez\u2028", "Maria Lopez"),
        ("", ""),
        (" \r\n ", ""),
        ("\u200b\u3164 \u115f", ""),
        ("a\u200db", "a\u200db"),
    ],
)
def test_a_name_is_one_line(text: str, clean: str) -> None:
    assert one_line(text, longest=LONGEST) == clean


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert message(message(text)) == message(text)
    assert one_line(one_line(text, longest=LONGEST), longest=LONGEST) == one_line(text, longest=LONGEST)


@given(ANYTHING)
def test_what_comes_out_can_be_stored_and_shown(text: str) -> None:
    for clean in (message(text), one_line(text, longest=LONGEST)):
        clean.encode()
        assert unicodedata.is_normalized("NFC", clean)
        assert clean == clean.strip()
        assert not set(clean) & {*TURNING, "\x00", "\r", "\x1b", "\x7f"}


@given(ANYTHING, st.integers(0, 20))
@example("Maria Lopez", 6)
def test_a_name_is_cut_to_its_length_and_ends_in_no_space(text: str, longest: int) -> None:
    cut = one_line(text, longest=longest)
    assert len(cut) <= longest
    assert cut == cut.strip()
    assert "\n" not in cut


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\x00", "\u202e \u200f"])
def test_a_message_without_words_is_refused_unless_it_has_files(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        message_text(text, longest=LONGEST)
    assert refusal.value.field == "text"
    assert message(text) == ""


def test_a_message_may_be_as_long_as_allowed_and_no_longer() -> None:
    assert message("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(InvalidInput, match="At most 200 characters fit; this has 201"):
        message("x" * (LONGEST + 1))


def test_what_is_removed_does_not_count() -> None:
    assert message("  " + "x\x00" * LONGEST + "\n") == "x" * LONGEST
