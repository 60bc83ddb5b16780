"""The units for systemd: it accepts them, and what they name exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from config import Settings
from tests.deploy.proxies import DEPLOY, program
from tests.processes.running import ROOT

SYSTEMD = DEPLOY / "systemd"
HOME = "/opt/deskbell"
UNITS = sorted(SYSTEMD.rglob("*.service"))
COMMON = [SYSTEMD / "deskbell.service", SYSTEMD / "separate" / "deskbell-.service.d" / "common.conf"]


@pytest.mark.slow
def test_systemd_accepts_all_units(tmp_path: Path) -> None:
    shutil.copytree(SYSTEMD / "separate", tmp_path, dirs_exist_ok=True)
    shutil.copy(SYSTEMD / "deskbell.service", tmp_path)
    for path in [*tmp_path.glob("*.service"), *tmp_path.glob("*/*.conf")]:
        path.write_text(path.read_text().replace(HOME, str(ROOT)))
    named = [path.name.replace("@.", "@1.") for path in tmp_path.glob("deskbell*.*") if path.is_file()]
    verify = [program("systemd-analyze"), "verify", "--man=no", *named]
    # The colon keeps the system's own units behind ours.
    environ = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}
    run = subprocess.run(verify, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_each_unit_runs_a_command_that_there_is(unit: Path, app: Flask) -> None:
    (command,) = re.findall(rf"^ExecStart={HOME}/\.venv/bin/flask (\w+)", unit.read_text(), re.MULTILINE)
    assert command in app.cli.commands


def test_the_settings_beside_the_units_are_ours_and_can_be_used(tmp_path: Path) -> None:
    lines = re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (DEPLOY / "deskbell.env").read_text(), re.MULTILINE)
    found = Settings.from_environ({**dict(lines), "DATA_DIR": str(tmp_path)})
    assert {name for name, _ in lines} <= {name.upper() for name in Settings.__dataclass_fields__}
    assert (found.public_url, found.secure_cookies) == ("https://desk.example", True)


def test_both_sets_of_units_are_kept_equally_short_of_rights() -> None:
    def rights(path: Path) -> list[str]:
        names = r"^((?:Protect|Private|Restrict|SystemCall|NoNew|Capability|Lock|UMask|StateDirectory)\w*=.*)$"
        return sorted(re.findall(names, path.read_text(), re.MULTILINE))

    one, several = (rights(path) for path in COMMON)
    assert one == several
