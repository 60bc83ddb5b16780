"""How a list of measurements becomes a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

Figure = dict[str, float]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of all are not above: one that was measured, by nearest rank.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(milliseconds: Sequence[float], *, p99: bool = False) -> Figure:
    """The median, the 95th (and 99th) percentile and the largest of some times."""
    shares = {"p50": 0.5, "p95": 0.95, **({"p99": 0.99} if p99 else {}), "max": 1.0}
    return {name: round(percentile(milliseconds, share), 2) for name, share in shares.items()}
