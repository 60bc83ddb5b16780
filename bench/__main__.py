"""`make bench`, or `python -m bench NAME…` for some of it: measure, print a table, write bench/latest.json."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench import colleagues, machine, memory, pages, raw, report, talk, webhooks, widget
from bench.goals import missed

log = logging.getLogger("bench")

# Memory first, on a machine that has not been heated; what every figure is compared with before all.
PARTS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "raw": raw.measure,
    "memory": memory.measure,
    "widget": widget.measure,
    "talk": talk.measure,
    "colleagues": colleagues.measure,
    "webhooks": webhooks.measure,
    "pages": pages.measure,
}


def run(names: Sequence[str]) -> dict[str, Any]:
    """Measure these parts one after the other, each with a desk of its own, and the raw figures always.

    A part that fails is named under `failed` with its reason; the others go on.
    """
    results: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, part in PARTS.items():
        if name not in names and name != "raw":
            continue
        began = time.monotonic()
        try:
            figures = part()
        except Exception as error:
            log.exception("%s failed", name)
            failed[name] = f"{type(error).__name__}: {error}"
            continue
        results |= figures
        print(f"{name}, {time.monotonic() - began:.0f} s\n{report.details(figures)}\n", file=sys.stderr)
    return {**results, "machine": machine.describe(), "missed": missed(results), "failed": failed}


def main() -> None:
    """Read the command line, run, report."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(PARTS)}; all without any")
    names = parser.parse_args().names or list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    # Whoever stops the run stops what it has started, too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    logging.getLogger().setLevel(logging.WARNING)
    results = run(names)
    report.write(results)
    print(report.table(results))
    print()
    print(report.details(results))
    print(f"\nKept in {report.LATEST}")
    sys.exit(1 if results["failed"] else 0)


if __name__ == "__main__":
    main()
