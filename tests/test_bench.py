"""The benchmarks: figures are what was measured, goals are compared with them, nothing that the desk lost is hidden."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench import load, report, webhooks
from bench.figures import percentile, spread
from bench.goals import GOALS, found, missed

RESULTS: dict[str, Any] = {
    "raw": {
        "p50": 0.5,
        "p95": 2.0,
        "http_per_s": 2000.0,
        "http_cpu_ms": 0.3,
        "http_ms": {"p99": 10.0},
        "pss_mb": 40.0,
        "pss_mb_per_1000_sockets": 60.0,
        "widget_closed_bytes": 4000,
        "widget_open_bytes": 17000,
    },
    "visitor_to_agent_ms": {"p50": 9.0, "p95": 20.0, "max": 31.0},
    "agent_to_visitor_ms": {"p50": 9.0, "p95": 41.0, "max": 50.0},
    "new_chat_to_list_ms": {"p50": 30.0, "p95": 80.0, "max": 90.0},
    "chatra_webhook_to_agent_ms": {"p50": 30.0, "p95": 60.0, "max": 70.0},
    "connected_agents": {"with_5_ms": {"p95": 20.0}, "ratio_p95": 1.5},
    "webhook_ack_per_s": 499.0,
    "webhook_ack_ms": {"p50": 9.0, "p95": 20.0, "p99": 60.0, "max": 61.0},
    "chat_list": {"pages_per_s": 150.0, "cpu_ms": 6.4, "p95_ms": 70.0},
    "idle_pss_mb": 149.0,
    "pss_mb_per_1000_sockets": 6.0,
    "widget_closed_bytes": 8192,
    "widget_open_bytes": 25601,
}


class Shopkeeper(BaseHTTPRequestHandler):
    """Answers 200, or 503 to whoever asks for that."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(503 if self.path == "/closed" else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shopkeeper) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (0.001, 1), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_the_largest_of_few_values_is_their_95th_percentile() -> None:
    assert spread([3.0, 1.0, 2.0]) == {"p50": 2.0, "p95": 3.0, "max": 3.0}


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_every_answer_of_a_load_is_counted(port: int) -> None:
    outcome = load.drive(port, [load.get("/")] * 30 + [load.get("/closed")] * 2, connections=4)
    assert len(outcome.milliseconds) == 32
    assert outcome.statuses == {"200": 30, "503": 2}
    with pytest.raises(RuntimeError, match="503"):
        outcome.must_be(200)


def test_every_goal_finds_its_figure_and_the_raw_one_beside_it() -> None:
    assert [goal.figure for goal in GOALS if found(RESULTS, goal.figure) is None] == []
    assert [goal.raw for goal in GOALS if found(RESULTS, goal.raw) is None] == []


def test_a_figure_on_its_goal_has_met_it_and_one_beyond_has_not() -> None:
    assert missed(RESULTS) == ["agent_to_visitor_ms.p95", "webhook_ack_per_s", "widget_open_bytes"]


def test_the_table_has_a_line_for_each_goal_with_its_mark_and_its_ratio() -> None:
    lines = report.table(RESULTS).splitlines()
    assert len(lines) == len(GOALS) + 2
    assert [line.split("|")[4].strip() for line in lines[2:4]] == [report.MET, report.MISSED]
    assert lines[2].endswith("| 10 ×        |")


def test_what_a_run_did_not_measure_is_not_in_its_table() -> None:
    assert "idle_pss_mb" not in report.table({"raw": RESULTS["raw"]})


def test_the_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    report.write(RESULTS, tmp_path / "latest.json")
    assert json.loads((tmp_path / "latest.json").read_text("utf-8")) == RESULTS


@pytest.mark.slow
def test_acknowledged_webhooks_are_counted_in_a_real_desk() -> None:
    figures = webhooks.measure(events=24, warm_up=8)
    assert set(figures) == {"webhook_ack_per_s", "webhook_ack_ms", "webhook_ack"}
