"""Looks at everything that a desk needs and says in one line each what is wrong and what to do."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from time import time
from typing import Literal, cast
from urllib.parse import urlsplit

import click
import redis
from sqlalchemy import text

from config import Settings
from processes import migration, reachable
from processes.web import FILES_BESIDE_SOCKETS

LITTLE_SPACE = 1_000_000_000
NO_SPACE = 100_000_000
OLDEST_REDIS = (5, 0)
LARGEST_DRIFT_SECONDS = 5
# The kernel's answer when nothing keeps the clock right (adjtimex(2): TIME_ERROR).
UNSYNCHRONISED = 5
_NOW = "SELECT extract(epoch FROM clock_timestamp())"

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What was found: `ok`, `warn` (it works, but) or `fail` (it will not work)."""

    level: Level
    about: str
    line: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything; what cannot be reached is found, not raised."""
    yield from _folder(settings)
    yield _database(settings)
    yield from _sqlite(settings)
    yield _redis(settings)
    yield _address(settings)
    yield _files(settings)
    yield _clock(settings)


def _folder(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir
    state, free = path.stat(), shutil.disk_usage(path).free
    if state.st_uid != os.geteuid():
        yield Finding("fail", "data folder", f"{path} belongs to another user: run this as the user of the desk.")
    elif state.st_mode & 0o077:
        yield Finding("warn", "data folder", f"{path} can be entered by others: chmod 700 {path}")
    else:
        yield Finding("ok", "data folder", str(path))
    level: Level = "fail" if free < NO_SPACE else "warn" if free < LITTLE_SPACE else "ok"
    advice = "" if level == "ok" else ": make room, a full disk stops the desk."
    yield Finding(level, "free space", f"{free / 1e9:.1f} GB{advice}")


def _database(settings: Settings) -> Finding:
    path = reachable.sqlite_file(settings)
    if path is not None and not path.exists():
        return Finding("warn", "database", f"{path} is not there yet: the first start makes it.")
    try:
        found = migration.state(settings)
    except click.ClickException as error:
        return Finding("fail", "database", error.format_message())
    where = str(path or "the server of DATABASE_URL")
    if found.current != found.head:
        return Finding("warn", "database", f"{where} is older than this Deskbell: the next start migrates it.")
    return Finding("ok", "database", f"{where}, revision {found.current}")


def _sqlite(settings: Settings) -> Iterator[Finding]:
    path = reachable.sqlite_file(settings)
    if path is None or not path.exists():
        return
    try:
        mode = reachable.ask_database(settings, lambda asked: asked.execute(text("PRAGMA journal_mode")).scalar_one())
    except reachable.Unreachable:
        return
    if mode == "wal":
        yield Finding("ok", "journal", "write-ahead log")
    else:
        yield Finding("fail", "journal", f"SQLite uses {mode}, not a write-ahead log: put DATA_DIR on a local disk.")


def _redis(settings: Settings) -> Finding:
    try:
        reachable.require_redis(settings)
        with reachable.redis_client(settings) as client:
            told = cast(dict[str, str], client.info())
    except reachable.Unreachable as error:
        level: Level = "warn" if settings.embedded_redis else "fail"
        return Finding(level, "redis", error.format_message())
    except redis.RedisError as error:
        return Finding("fail", "redis", f"REDIS_URL names a Redis that refuses INFO: {error}")
    version = str(told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        return Finding("fail", "redis", f"version {version} is too old: 5 is needed.")
    policy = told.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        return Finding(
            "warn", "redis", f"it forgets jobs when memory is short ({policy}): set maxmemory-policy noeviction."
        )
    return Finding("ok", "redis", f"version {version}")


def _address(settings: Settings) -> Finding:
    about, url = "address", settings.public_url
    if settings.secure_cookies and not settings.trusted_proxies:
        return Finding("fail", about, f"{url} without TRUSTED_PROXIES: name the proxy, or all visitors count as one.")
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        return Finding("warn", about, "TRUSTED_PROXIES trusts everybody: name the proxy's address alone.")
    if settings.secure_cookies and not _is_local(settings.host):
        return Finding("warn", about, f"HOST {settings.host} lets people in around the proxy: 127.0.0.1 is meant.")
    if not settings.secure_cookies and not _is_local(urlsplit(url).hostname or ""):
        return Finding("warn", about, f"{url} is not https: sites with https cannot show the widget.")
    return Finding("ok", about, url)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _files(settings: Settings) -> Finding:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.ws_cap + FILES_BESIDE_SOCKETS
    if most != resource.RLIM_INFINITY and most < needed:
        return Finding("warn", "open files", f"{most} are allowed, {needed} needed: LimitNOFILE up or WS_CAP down.")
    return Finding("ok", "open files", f"enough for {settings.ws_cap} sockets")


def _clock(settings: Settings) -> Finding:
    drift = _drift(settings)
    if drift > LARGEST_DRIFT_SECONDS:
        return Finding("fail", "clock", f"{drift:.0f} s away from that of DATABASE_URL: put both right.")
    if ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) == UNSYNCHRONISED:
        return Finding("warn", "clock", "nothing keeps it right: timedatectl set-ntp true")
    return Finding("ok", "clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")


def _drift(settings: Settings) -> float:
    """Seconds between this machine's clock and that of the database's; 0 where it is the same machine."""
    if reachable.sqlite_file(settings) is not None:
        return 0.0
    try:
        theirs = reachable.ask_database(settings, lambda asked: asked.execute(text(_NOW)).scalar_one())
        return abs(float(theirs) - time())
    except reachable.Unreachable:
        return 0.0
