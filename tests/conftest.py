"""What every test may ask for: a desk of its own with a real database and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from app import create_app
from cli import migrate_database
from config import Settings
from extensions import db
from services import agents
from tests.browsing import FreshClient
from tests.redis import RealRedis

SECRET = "a secret that only tests know, long enough"
TRANSLATIONS = Path(__file__).parents[1] / "translations"


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hash passwords as the product does, only with less work: a fifth of a second each adds up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agents, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def _compiled_translations() -> None:
    """Compile translations that are newer than what was compiled last, as `make translations` does."""
    for source in TRANSLATIONS.rglob("*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime <= source.stat().st_mtime:
            with source.open("rb") as words, compiled.open("wb") as file:
                write_mo(file, read_po(words))


@pytest.fixture(scope="session", autouse=True)
def _kept_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile each template once for all the apps that tests make."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture(scope="session")
def real_redis() -> Iterator[RealRedis]:
    """One Redis for the whole run; each test begins with it empty."""
    with RealRedis() as server:
        yield server


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory, real_redis: RealRedis) -> Path:
    """A migrated, furnished database; tests work on copies."""
    folder = tmp_path_factory.mktemp("blank")
    app = create_app(
        Settings.from_environ({"DATA_DIR": str(folder), "REDIS_URL": real_redis.url, "SECRET_KEY": SECRET})
    )
    migrate_database(app)
    with app.app_context():
        db.engine.dispose()
    return folder / "deskbell.sqlite3"


@pytest.fixture
def settings(tmp_path: Path, real_redis: RealRedis, blank_database: Path) -> Settings:
    """Settings of a fresh desk."""
    real_redis.flush()
    (tmp_path / "deskbell.sqlite3").write_bytes(blank_database.read_bytes())
    return Settings.from_environ({"DATA_DIR": str(tmp_path), "REDIS_URL": real_redis.url, "SECRET_KEY": SECRET})


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A fresh desk, inside its app context."""
    app = create_app(settings)
    app.config["TESTING"] = True
    app.test_client_class = FreshClient
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
        app.extensions["hub"].stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts."""
    return app.test_client()
