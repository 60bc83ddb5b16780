"""What the figures are to reach, and which raw figure of the same run each is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """One figure. `figure` and `raw` are where they stand in the results; `most` tells whether less is better."""

    figure: str
    limit: float
    unit: str
    raw: str
    most: bool = True

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value <= self.limit if self.most else value >= self.limit

    def shown(self) -> str:
        """The goal in a table."""
        return f"{'≤' if self.most else '≥'} {self.limit:,g}"


GOALS = (
    Goal("visitor_to_agent_ms.p95", 40, "ms", "raw.p95"),
    Goal("agent_to_visitor_ms.p95", 40, "ms", "raw.p95"),
    Goal("new_chat_to_list_ms.p95", 80, "ms", "raw.p95"),
    Goal("chatra_webhook_to_agent_ms.p95", 80, "ms", "raw.p95"),
    Goal("connected_agents.ratio_p95", 2, "×", "connected_agents.with_5_ms.p95"),
    Goal("webhook_ack_per_s", 500, "/s", "raw.http_per_s", most=False),
    Goal("webhook_ack_ms.p99", 60, "ms", "raw.http_ms.p99"),
    Goal("chat_list.pages_per_s", 150, "/s", "raw.http_per_s", most=False),
    Goal("chat_list.cpu_ms", 6.5, "ms", "raw.http_cpu_ms"),
    Goal("idle_pss_mb", 150, "MB", "raw.pss_mb"),
    Goal("pss_mb_per_1000_sockets", 50, "MB", "raw.pss_mb_per_1000_sockets"),
    Goal("widget_closed_bytes", 8192, "bytes", "raw.widget_closed_bytes"),
    Goal("widget_open_bytes", 25600, "bytes", "raw.widget_open_bytes"),
)


def found(results: Results, where: str) -> float | None:
    """The figure that stands at a dotted place, None where this run did not take it."""
    value: Any = results
    for name in where.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return float(value)


def missed(results: Results) -> list[str]:
    """The figures of this run that fall short."""
    values = {goal: found(results, goal.figure) for goal in GOALS}
    return [goal.figure for goal, value in values.items() if value is not None and not goal.met(value)]
