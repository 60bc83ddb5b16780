"""Settings of one deployment, read from the environment and checked before anything starts.

Cheap to import: the supervising parent and every command read it first.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from re import fullmatch
from stat import S_ISDIR
from tempfile import gettempdir
from urllib.parse import SplitResult, urlsplit

import click

LANGUAGES = ("en", "ru")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
SECRET_KEY_LENGTH = 32
SOCKET_PATH_LIMIT = 107
# Of the web process; none of them has to wait for a connection to the database.
THREADS = 40

Network = IPv4Network | IPv6Network


class SettingError(click.ClickException):
    """A setting that cannot be used: one line that names the variable and says what is allowed."""

    def __init__(self, name: str, problem: str, allowed: str) -> None:
        """Args: name of the variable; problem (never a secret's value); allowed, what would be right."""
        super().__init__(f"{name} {problem}: {allowed}.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the environment decides; what an administrator may change is a row of `setting` instead."""

    data_dir: Path
    host: str
    port: int
    public_url: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    redis_socket: Path | None
    secret_key: str = field(repr=False)
    chatra_api_url: str
    trusted_proxies: tuple[Network, ...]
    ws_cap: int
    ws_cap_per_address: int
    workers_vendor: int
    log_level: str
    language: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check every variable; makes the data directory and the secret key where they are missing.

        Empty variables count as unset. Raises SettingError for the first value that cannot be used.
        """
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        data_dir = _data_dir(given)
        host, port = _host(given), _integer(given, "PORT", 8000, 1, 65535)
        redis_url = _redis_url(given)
        redis_socket = None if redis_url else _redis_socket(data_dir)
        return cls(
            data_dir=data_dir,
            host=host,
            port=port,
            public_url=_public_url(given, host, port),
            database_url=_database_url(given, data_dir),
            redis_url=redis_url or f"unix://{redis_socket}?db=0",
            redis_socket=redis_socket,
            secret_key=_secret_key(given, data_dir),
            chatra_api_url=_chatra_api_url(given),
            trusted_proxies=_trusted_proxies(given),
            ws_cap=_integer(given, "WS_CAP", 1000, 10, 10_000),
            ws_cap_per_address=_integer(given, "WS_CAP_PER_ADDRESS", 100, 1, 10_000),
            workers_vendor=_integer(given, "WORKERS_VENDOR", 2, 1, 32),
            log_level=_choice(given, "LOG_LEVEL", LOG_LEVELS, "info"),
            language=_choice(given, "DEFAULT_LANGUAGE", LANGUAGES, "en"),
        )

    @property
    def embedded_redis(self) -> bool:
        """True when Deskbell runs its own Redis on `redis_socket`."""
        return self.redis_socket is not None

    @property
    def run_dir(self) -> Path:
        """Where the lock of the running desk and, as a rule, the Redis socket stand."""
        return self.data_dir / "run"

    @property
    def secure_cookies(self) -> bool:
        """True when browsers reach the desk by https, so that cookies may be bound to it."""
        return self.public_url.startswith("https://")

    @property
    def limiter_url(self) -> str:
        """The Redis address in the rate limiter's spelling, which differs for sockets (`redis+unix://`)."""
        return f"redis+{self.redis_url}" if self.redis_url.startswith("unix://") else self.redis_url


def make_private_dir(path: Path, variable: str) -> Path:
    """Make `path` for our eyes only (0700) unless it exists; raises SettingError in the name of `variable`."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(variable, f"cannot be used ({path}: {error.strerror})", "a writable directory") from error
    return path


def _data_dir(given: Mapping[str, str]) -> Path:
    path = Path(given.get("DATA_DIR", "data")).expanduser().resolve()
    if set("?#%") & set(str(path)):
        raise SettingError("DATA_DIR", f"is {str(path)!r}", "a directory without ?, # or % in its path")
    make_private_dir(path, "DATA_DIR")
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingError("DATA_DIR", f"is {str(path)!r}", "a directory that this user may write to")
    return path


def _integer(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = given.get(name, str(default))
    if not fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingError(name, f"is {text!r}", f"a whole number from {low} to {high}")
    return int(text)


def _choice(given: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(name, default).lower()
    if value not in allowed:
        raise SettingError(name, f"is {value!r}", "one of " + ", ".join(allowed))
    return value


def _host(given: Mapping[str, str]) -> str:
    host = given.get("HOST", "127.0.0.1")
    if not (_is_address(host) or fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", host)):
        raise SettingError("HOST", f"is {host!r}", "an address or name to listen on, such as 127.0.0.1 or 0.0.0.0")
    return host


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _split_url(text: str) -> SplitResult:
    """The parts of a URL; those of the empty text for what is none, such as one with an impossible port."""
    try:
        parts = urlsplit(text)
        return parts if parts.port != 0 else urlsplit("")
    except ValueError:
        return urlsplit("")


def _is_web_url(parts: SplitResult) -> bool:
    extras = parts.username or parts.password or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not extras


def _public_url(given: Mapping[str, str], host: str, port: int) -> str:
    url = given.get("PUBLIC_URL") or f"http://{_reachable(host)}:{port}"
    parts = _split_url(url)
    plain = fullmatch(r"[A-Za-z0-9._:\[\]-]+", parts.netloc)
    if not plain or not _is_web_url(parts) or parts.path not in ("", "/"):
        raise SettingError("PUBLIC_URL", f"is {url!r}", "an http:// or https:// address without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _reachable(host: str) -> str:
    """The name for browsers on this machine: listening on all addresses is not an address to visit."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{name}]" if ":" in name else name


def _chatra_api_url(given: Mapping[str, str]) -> str:
    url = given.get("CHATRA_API_URL", "https://app.chatra.io/api")
    if not _is_web_url(_split_url(url)):
        raise SettingError("CHATRA_API_URL", f"is {url!r}", "an http:// or https:// address")
    return url.rstrip("/")


def _database_url(given: Mapping[str, str], data_dir: Path) -> str:
    """The SQLAlchemy address; a value may hold a password and is therefore never shown."""
    url = given.get("DATABASE_URL") or f"sqlite:///{data_dir / 'deskbell.sqlite3'}"
    wrong = partial(SettingError, "DATABASE_URL", "cannot be used")
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("sqlite", "postgres", "postgresql", "postgresql+psycopg"):
        raise wrong("sqlite:///path/to/file or postgresql://user:password@host/name")
    if scheme != "sqlite":
        if rest.count("@") > 1:
            raise wrong("write an @ in the user's name or password as %40")
        if not any(_split_url(f"//{rest.rpartition('@')[2]}")):
            raise wrong("postgresql://user:password@host:port/name")
        return f"postgresql+psycopg://{rest}"
    path, mark, query = rest.removeprefix("/").partition("?")
    if not rest.startswith("/") or path in ("", ":memory:"):
        raise wrong("SQLite needs a file that several processes can open, as in sqlite:///path/to/file")
    return f"sqlite:///{Path(path).resolve()}{mark}{query}"


def _redis_url(given: Mapping[str, str]) -> str | None:
    url = given.get("REDIS_URL")
    parts = _split_url(url or "")
    if url and not (parts.scheme in ("redis", "rediss", "unix") and (parts.hostname or parts.path)):
        allowed = "redis://host:port/0, rediss://host:port/0 or unix:///path/to/socket"
        raise SettingError("REDIS_URL", "cannot be used", allowed)
    return url


def _redis_socket(data_dir: Path) -> Path:
    """Where our own Redis listens: the kernel takes socket paths of at most 107 bytes."""
    path = data_dir / "run" / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = sha256(os.fsencode(data_dir)).hexdigest()[:16]
    short = Path(gettempdir()).resolve() / f"deskbell-{name}" / "redis.sock"
    if len(os.fsencode(short)) > SOCKET_PATH_LIMIT:
        raise SettingError("DATA_DIR", "and TMPDIR are both too long for a socket", "one of them under 80 characters")
    _refuse_foreign_dir(short.parent, data_dir)
    return short


def _refuse_foreign_dir(path: Path, data_dir: Path) -> None:
    """Anybody may make a directory under the temporary one; whoever owns the socket there could feed us jobs."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid != data_dir.stat().st_uid:
        raise SettingError("DATA_DIR", f"is long and {path} belongs to someone else", "remove it or shorten DATA_DIR")


def _secret_key(given: Mapping[str, str], data_dir: Path) -> str:
    key = given.get("SECRET_KEY") or _kept_secret_key(data_dir / "secret_key")
    if len(key) < SECRET_KEY_LENGTH:
        raise SettingError("SECRET_KEY", "is too short", f"at least {SECRET_KEY_LENGTH} characters")
    return key


def _kept_secret_key(path: Path) -> str:
    try:
        if not path.exists():
            _keep_new_secret_key(path)
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        allowed = "set SECRET_KEY or make the file readable"
        raise SettingError("SECRET_KEY", f"cannot be read from {path}", allowed) from error


def _keep_new_secret_key(path: Path) -> None:
    """Write the key whole before it gets its name: two processes that start at once end up with the same one."""
    draft = path.with_name(f"secret_key.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _trusted_proxies(given: Mapping[str, str]) -> tuple[Network, ...]:
    texts = [text.strip() for text in given.get("TRUSTED_PROXIES", "").split(",") if text.strip()]
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        allowed = "addresses or networks separated by commas, such as 127.0.0.1, 10.0.0.0/8"
        raise SettingError("TRUSTED_PROXIES", f"is {given['TRUSTED_PROXIES']!r}", allowed) from error
