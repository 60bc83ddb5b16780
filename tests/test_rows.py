"""Every complaint that must not happen to us has a test that says so (docs/reliability.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROWS = TESTS.parent / "docs" / "reliability.md"
_MARK = re.compile(r"\brow\(\"(R\d+)\"\)")
_PROVED = [f"R{number}" for number in range(1, 33)]


@pytest.fixture(scope="module")
def marked() -> set[str]:
    """The rows that tests name."""
    return {row for path in TESTS.rglob("test_*.py") for row in _MARK.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("row", _PROVED)
def test_the_row_is_proved(row: str, marked: set[str]) -> None:
    assert row in marked


def test_no_test_names_a_row_that_does_not_exist(marked: set[str]) -> None:
    listed = set(re.findall(r"^\| (R\d+) \|", ROWS.read_text("utf-8"), re.MULTILINE))
    assert marked <= listed
