"""docs/operating.md names everything that an operator meets, and nothing that is not there."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints import health
from config import Settings
from tests.processes.running import ROOT

TEXT = (ROOT / "docs" / "operating.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| `")]
# Those whose default is a value, not a place that depends on others.
FIXED = ["HOST", "PORT", "WS_CAP", "WS_CAP_PER_ADDRESS", "WORKERS_VENDOR", "CHATRA_API_URL", "LOG_LEVEL"]
FLASKS_OWN = {"routes", "run", "shell"}


def row(name: str) -> list[str]:
    """The line of a table that begins with this word."""
    (found,) = [cells for cells in ROWS if cells[0] == f"`{name}`"]
    return found


def variables() -> set[str]:
    """The variables that the settings are read from."""
    return set(re.findall(r'given(?:\.get\(|, |\[)"([A-Z_]+)"', (ROOT / "config.py").read_text()))


def test_the_table_of_variables_is_complete() -> None:
    assert {cells[0].strip("`") for cells in ROWS if re.fullmatch("`[A-Z_]+`", cells[0])} == variables()


@pytest.mark.parametrize(
    "name",
    [
        "HOST",
        "PORT",
        "WS_CAP",
        "WS_CAP_PER_ADDRESS",
        "WORKERS_VENDOR",
        "CHATRA_API_URL",
        "LOG_LEVEL",
        "DEFAULT_LANGUAGE",
    ],
)
def test_the_defaults_are_the_settings_own(name: str, settings: Settings) -> None:
    value = getattr(settings, name.removeprefix("DEFAULT_").lower())
    assert row(name)[1] == f"`{value}`"


def test_every_part_of_the_health_report_is_explained(client: FlaskClient) -> None:
    for part in client.get("/healthz").get_json():
        assert len(row(part)) == 4


def test_every_answer_of_the_health_report_is_explained() -> None:
    source = (ROOT / "blueprints" / "health.py").read_text()
    assert 'return f"nobody works on {' in source
    assert [queue for queue in health.QUEUES if queue not in row("workers")[1]] == []
    for part, answer in (
        ("database", "unreachable"),
        ("redis", "unreachable"),
        ("scheduler", "no scheduler is running"),
    ):
        assert f'return "{answer}"' in source
        assert f"`{answer}`" in row(part)[1]


def test_the_commands_are_those_that_there_are(app: Flask) -> None:
    told = set(re.findall(r"`flask ([a-z]+)", TEXT))
    assert told == set(app.cli.commands) - FLASKS_OWN


def test_every_file_that_it_names_is_there() -> None:
    linked = re.findall(r"\]\(([^)#:]+)", TEXT)
    copied = re.findall(r"^(?:install -m \d+|cp -r) (deploy/\S+)", TEXT, re.MULTILINE)
    assert copied
    assert [name for name in linked if not (ROOT / "docs" / name).exists()] == []
    assert [name for name in copied if not (ROOT / name).exists()] == []
