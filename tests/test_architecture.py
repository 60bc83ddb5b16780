"""What the code base promises as a whole: who imports whom, no scripts in templates, nothing foreign that changed."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
VENDORED = ("static/vendor", "tests/vendor")

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_CHECKSUM = re.compile(r"^\| `([0-9a-f]{64})` \| `(.+)` \|$", re.MULTILINE)
FORBIDDEN = {
    "an hx-on attribute": re.compile(r"(^|\s)hx-on[:=-]"),
    "an inline style": re.compile(r"<style|(^|\s)style\s*="),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)|javascript:"),
    "an event handler": re.compile(r"(^|\s)on[a-z]+\s*="),
}


def templates() -> list[str]:
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


def markup(template: str) -> str:
    """The HTML that stands in a template itself; line ends are kept."""
    source = (TEMPLATES / template).read_text()
    return _JINJA.sub(lambda found: "\n" * found[0].count("\n"), source)


def checksums(folder: str) -> dict[str, str]:
    """What the README of a folder of vendored files says about each."""
    return {name: digest for digest, name in _CHECKSUM.findall((ROOT / folder / "README.md").read_text())}


def test_imports_point_one_way() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_has(what: str) -> None:
    found = [
        f"{template}:{line}"
        for template in templates()
        for line, text in enumerate(markup(template).splitlines(), 1)
        if FORBIDDEN[what].search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "html"),
    [
        ("an hx-on attribute", '<a hx-on:click="x()">'),
        ("an inline style", '<p class="a" style="color: red">'),
        ("an inline style", "<style>"),
        ("an inline script", "<script>x()</script>"),
        ("an inline script", '<a href="javascript:x()">'),
        ("an event handler", '<img src="a.png" onerror="x()">'),
    ],
)
def test_it_would_be_found(what: str, html: str) -> None:
    assert FORBIDDEN[what].search(html)


@pytest.mark.parametrize("folder", VENDORED)
def test_the_readme_knows_every_vendored_file(folder: str) -> None:
    present = {str(path.relative_to(ROOT / folder)) for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert checksums(folder).keys() == present - {"README.md"}


@pytest.mark.parametrize(("folder", "name"), [(folder, name) for folder in VENDORED for name in checksums(folder)])
def test_a_vendored_file_is_what_the_readme_says(folder: str, name: str) -> None:
    assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == checksums(folder)[name]
