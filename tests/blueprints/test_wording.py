"""Values of the domain as people read them, each in their own language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from blueprints.reasons import reason
from blueprints.wording import detail_label, file_size, or_visitor

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("language", "size", "shown"),
    [
        ("en", 1, "1 byte"),
        ("en", 2, "2 bytes"),
        ("en", 999, "999 bytes"),
        ("en", 1000, "1 kB"),
        ("en", 1250, "1.3 kB"),
        ("en", 999_949, "999.9 kB"),
        ("en", 999_950, "1 MB"),
        ("en", 3_400_000, "3.4 MB"),
        ("ru", 2, "2 байта"),
        ("ru", 1250, "1,3 кБ"),
        ("ru", 3_400_000, "3,4 МБ"),
    ],
)
def test_a_file_tells_its_size(app: Flask, language: str, size: int, shown: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert file_size(size) == shown


@pytest.mark.parametrize(
    ("language", "name", "shown"), [("en", "", "Visitor 81"), ("ru", "", "Посетитель 81"), ("ru", "Maria", "Maria")]
)
def test_who_gave_no_name_is_a_visitor_with_a_number(app: Flask, language: str, name: str, shown: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert or_visitor(name, 81) == shown


def test_a_sites_own_fields_keep_their_names(app: Flask) -> None:
    with app.test_request_context(), force_locale("ru"):
        assert detail_label("Time zone") == "Часовой пояс"
        assert detail_label("Plan") == "Plan"


def test_a_reason_is_read_in_the_readers_language(app: Flask) -> None:
    kept = "Chatra refused the keys (answer 401)."
    with app.test_request_context():
        with force_locale("ru"):
            assert reason(kept) == "Chatra не принимает эти ключи (ответ 401)."
        with force_locale("en"):
            assert reason(kept) == kept


def test_a_reason_that_nobody_foresaw_is_shown_as_it_stands(app: Flask) -> None:
    with app.test_request_context(), force_locale("ru"):
        assert reason("KeyError: 'x'") == "KeyError: 'x'"
        assert reason("") == ""


def test_every_reason_that_a_channel_gives_is_known(app: Flask) -> None:
    with app.test_request_context(), force_locale("ru"):
        unknown = [kept for kept in _reasons_in_the_sources() if reason(kept) == kept]

    assert unknown == []


def _reasons_in_the_sources() -> Iterator[str]:
    """What channels say when something does not work, every place filled in; a walk is for the command line alone."""
    for path in (path for path in (ROOT / "channels").rglob("*.py") if "checking" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("ChannelError", "Rejected"):
                yield _filled(node.args[0])


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else ""


def _filled(sentence: ast.expr) -> str:
    parts = sentence.values if isinstance(sentence, ast.JoinedStr) else [sentence]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
