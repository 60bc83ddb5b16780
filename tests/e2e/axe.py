"""What axe-core finds on a page, shadow roots included (tests/vendor)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SCRIPT = next((Path(__file__).parents[1] / "vendor").glob("axe-core@*/axe.min.js")).read_text(encoding="utf-8")
# WCAG 2.2 AA and what axe calls best practice; target-size is off unless it is asked for by its tag.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The debugger evaluates the file, so that the page's own strict policy stays in force.
RUN = "([part, values]) => axe.run(part, {runOnly: {type: 'tag', values}, resultTypes: ['violations', 'incomplete']})"


def findings(page: Page, part: str = "html") -> list[str]:
    """The violations on the page, or on a part of it, a line each; what axe could not decide is printed."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(SCRIPT)
    result = page.evaluate(RUN, [part, RULES])
    for line in _lines(result["incomplete"]):
        print(f"undecided on {page.url}: {line}")  # noqa: T201  read with pytest -s
    return _lines(result["violations"])


def _lines(rules: list[dict[str, Any]]) -> list[str]:
    return [f"{rule['id']}: {_where(node)} {_why(node)}" for rule in rules for node in rule["nodes"]]


def _where(node: dict[str, Any]) -> str:
    return " ".join(str(part) for part in node["target"])


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)
