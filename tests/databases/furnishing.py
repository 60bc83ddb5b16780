"""The start that all databases have in common."""

from __future__ import annotations

from pathlib import Path

from app import create_app
from config import Settings
from extensions import db
from processes.migration import migrate_database


def furnish(data_dir: Path, **environ: str) -> None:
    """Migrate and furnish a database as the first start of a desk does."""
    app = create_app(Settings.from_environ({"DATA_DIR": str(data_dir), **environ}))
    migrate_database(app)
    with app.app_context():
        db.engine.dispose()
