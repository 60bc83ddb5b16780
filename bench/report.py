"""The figures as a table for people and as a file for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.goals import GOALS, Goal, Results, found

LATEST = Path(__file__).with_name("latest.json")
MET, MISSED = "✓", "✗"


def write(results: Results, path: Path = LATEST) -> None:
    """Keep the figures of this run."""
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", "utf-8")


def table(results: Results) -> str:
    """Each figure that has a goal, in Markdown: the value, the goal, whether it is met, the raw figure beside it."""
    head = ("figure", "value", "goal", "", "raw", "value ÷ raw")
    rows = [head, *(_row(results, goal) for goal in GOALS if found(results, goal.figure) is not None)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [_line(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, _line("-" * width for width in widths))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def details(results: Results) -> str:
    """Everything else that was measured, one line for each key."""
    return "\n".join(f"{key}: {_plain(value)}" for key, value in results.items())


def _row(results: Results, goal: Goal) -> tuple[str, ...]:
    value, raw = found(results, goal.figure), found(results, goal.raw)
    assert value is not None
    beside = f"{raw:,g} {goal.unit}" if raw is not None else "–"
    ratio = f"{value / raw:.2g} ×" if raw else "–"
    return goal.figure, f"{value:,g} {goal.unit}", goal.shown(), MET if goal.met(value) else MISSED, beside, ratio


def _plain(value: object) -> str:
    return "  ".join(_parts(value)) if isinstance(value, dict) else f"{value}"


def _parts(values: dict[str, object]) -> Iterator[str]:
    for name, value in values.items():
        yield f"{name} ({_plain(value)})" if isinstance(value, dict) else f"{name} {value}"
