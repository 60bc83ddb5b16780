"""The parts of a start: which Redis is taken, how gunicorn is set, how long a dying process waits."""

from pathlib import Path

import click
import pytest

from config import Settings
from processes import redis_server, web
from processes.crew import Role, _Child


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.from_environ({"DATA_DIR": str(folder), "SECRET_KEY": "k" * 32, **environ})


def test_a_redis_on_the_path_is_preferred_and_its_link_is_not_resolved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redis-check-rdb").touch(0o755)
    (tmp_path / "redis-server").symlink_to("redis-check-rdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_binary() == tmp_path / "redis-server"


def test_without_one_on_the_path_the_packaged_server_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_binary().name == "valkey-server"


def test_without_any_redis_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("processes.redis_server.find_spec", lambda name: None)
    with pytest.raises(click.ClickException, match=r"^No Redis was found: .* or set REDIS_URL\.$"):
        redis_server.find_binary()


def test_threads_are_for_pages_however_many_sockets_there_are(tmp_path: Path) -> None:
    few, many = (web.options(settings(tmp_path, WS_CAP=cap)) for cap in ("10", "10000"))
    assert few["threads"] == many["threads"] < many["worker_connections"]


def test_only_trusted_proxies_may_say_that_a_request_came_by_https(tmp_path: Path) -> None:
    assert web.options(settings(tmp_path))["forwarded_allow_ips"] == ""
    trusting = settings(tmp_path, TRUSTED_PROXIES="10.0.0.1, 192.168.0.0/16")
    assert web.options(trusting)["forwarded_allow_ips"] == "10.0.0.1/32,192.168.0.0/16"


def test_an_ipv6_address_is_bound_in_brackets(tmp_path: Path) -> None:
    assert web.options(settings(tmp_path, HOST="::1", PORT="8100"))["bind"] == "[::1]:8100"


def test_a_process_that_dies_young_again_and_again_waits_ever_longer_but_never_more_than_half_a_minute() -> None:
    child = _Child(Role("dying", run=lambda: None), started=float("inf"))
    assert [child.delay() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_process_that_had_run_for_long_is_back_at_once() -> None:
    child = _Child(Role("steady", run=lambda: None), failures=5, started=float("-inf"))
    assert child.delay() == 0.25
