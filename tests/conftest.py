"""What every test may ask for: a desk of its own with a real database and a real Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from config import Settings
from services.signing_in import passwords
from tests import databases
from tests.opening import opened
from tests.redis import RealRedis

SECRET = "a secret that only tests know, long enough"
ROOT = Path(__file__).parents[1]
TRANSLATIONS = ROOT / "translations"
# They would say the same of any database: pages as they look, scripts, vendors, words. Once is enough.
ONCE = (
    "tests/channels",
    "tests/deploy",
    "tests/vendors",
    "tests/realtime/test_half_dead.py",
    "tests/realtime/test_places.py",
    "tests/realtime/test_reader.py",
    "tests/realtime/test_slow_peers.py",
    "tests/realtime/test_socket.py",
    "tests/blueprints/test_widget_assets.py",
    "tests/blueprints/test_wording.py",
    "tests/e2e/test_accessibility.py",
    "tests/e2e/test_announcements.py",
    "tests/e2e/test_composing.py",
    "tests/e2e/test_https.py",
    "tests/e2e/test_keyboard.py",
    "tests/e2e/test_notifications.py",
    "tests/e2e/test_two_factor.py",
    "tests/e2e/test_zoom.py",
    "tests/test_architecture.py",
    "tests/test_bench.py",
    "tests/test_translations.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=sorted(databases.KINDS), default="sqlite", help="where every desk keeps data"
    )


def pytest_configure(config: pytest.Config) -> None:
    for kind in databases.KINDS:
        config.addinivalue_line("markers", f"{kind}(why): is about this kind of database; other runs go without it")
    assert all((ROOT / name).exists() for name in ONCE)
    databases.choose(config.getoption("database"))


def pytest_unconfigure() -> None:
    databases.close()


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('database')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = databases.KINDS.keys() - {config.getoption("database")}
    again = () if config.getoption("database") == "sqlite" else tuple(str(ROOT / name) for name in ONCE)
    pointless = [
        item for item in items if any(map(item.get_closest_marker, others)) or str(item.path).startswith(again)
    ]
    config.hook.pytest_deselected(items=pointless)
    items[:] = [item for item in items if item not in pointless]


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hash passwords as the product does, only with less work: a fifth of a second each adds up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
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


@pytest.fixture(scope="session", autouse=True)
def _kept_addresses() -> Iterator[None]:
    """Compile each address once for all the apps that tests make.

    It is most of an app's start, and Python 3.11 cannot parse in two threads at once: one that a test has left behind
    may be writing down an error's traceback.
    """
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, str(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session")
def real_redis() -> Iterator[RealRedis]:
    """One Redis for the whole run; each test begins with it empty."""
    with RealRedis() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, real_redis: RealRedis) -> Iterator[Settings]:
    """Settings of a fresh desk."""
    real_redis.flush()
    given = {"DATA_DIR": str(tmp_path), "REDIS_URL": real_redis.url, "SECRET_KEY": SECRET}
    with databases.furnished(tmp_path) as database:
        yield Settings.from_environ(given | database)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A fresh desk, inside its app context."""
    with opened(settings) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts."""
    return app.test_client()
