"""Where things that are kept lie in the data folder."""

from __future__ import annotations

from pathlib import Path

from config import Settings, make_private_dir
from services import clock

# A folder of this name holds a whole backup, unpacked and compared, that has to be put in place whatever happens.
_DECIDED = "restoring-"
_ASIDE = "replaced-"


def backups(settings: Settings) -> Path:
    """Where copies and backups lie unless somebody wants them elsewhere."""
    return make_private_dir(settings.data_dir / "backups", "DATA_DIR")


def run(settings: Settings) -> Path:
    """Where locks lie."""
    return make_private_dir(settings.run_dir, "DATA_DIR")


def stamp() -> str:
    """The present second, for names of files: 20260131T235959Z."""
    return clock.now().strftime("%Y%m%dT%H%M%SZ")


def decided(settings: Settings) -> Path:
    """The folder, not there yet, for a backup that is going to be put in place."""
    return settings.data_dir / f"{_DECIDED}{stamp()}"


def interrupted(settings: Settings) -> Path | None:
    """What a restore was putting in place when it was interrupted; None as a rule."""
    return next(iter(sorted(settings.data_dir.glob(f"{_DECIDED}*"))), None)


def aside(folder: Path) -> Path:
    """Where goes what makes room for this decided backup."""
    return make_private_dir(folder.with_name(folder.name.replace(_DECIDED, _ASIDE)), "DATA_DIR")
