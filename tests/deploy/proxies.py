"""Caddy and nginx as `deploy/` sets them up, only on free loopback ports and with a certificate of our own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes.running import ROOT, eventually

DEPLOY = ROOT / "deploy"
NAME = "desk.example"
# Debian keeps daemons off the path of ordinary users.
SEARCHED = f"{os.environ['PATH']}:/usr/sbin"


@dataclass(frozen=True)
class Place:
    """Where a proxy listens, what it stands in front of, and its certificate and key."""

    folder: Path
    https: int
    http: int
    desk: int
    certificate: Path
    key: Path


def caddy(place: Place) -> list[str]:
    """Write Caddy's settings; returns the command that runs it."""
    site = f"https://localhost:{place.https} {{\n\tbind 127.0.0.1\n\ttls {place.certificate} {place.key}"
    text = (DEPLOY / "Caddyfile").read_text()
    text = changed(text, {f"{NAME} {{": site, "127.0.0.1:8000 {": f"127.0.0.1:{place.desk} {{"})
    storage = f"storage file_system {place.folder}"
    config = place.folder / "Caddyfile"
    config.write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n\t{storage}\n}}\n{text}")
    return [program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]


def nginx(place: Place) -> list[str]:
    """Write nginx's settings, and what Debian's own nginx.conf has around a site; returns the command that runs it."""
    text = (DEPLOY / "nginx.conf").read_text()
    directory = f"/etc/letsencrypt/live/{NAME}"
    text = changed(
        text,
        {
            f"server_name {NAME};": "server_name localhost;",
            "127.0.0.1:8000;": f"127.0.0.1:{place.desk};",
            "listen 80;": f"listen 127.0.0.1:{place.http};",
            "listen 443 ssl": f"listen 127.0.0.1:{place.https} ssl",
            f"{directory}/fullchain.pem": str(place.certificate),
            f"{directory}/privkey.pem": str(place.key),
        },
    )
    (place.folder / "site.conf").write_text(re.sub(r"listen \[::\].*", "", text))
    temporary = "".join(
        f"{kind}_temp_path {place.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Where root tests, the folders of the run are root's alone.
    user = "user root;\n" if os.geteuid() == 0 else ""
    config = place.folder / "nginx.conf"
    config.write_text(
        f"daemon off;\n{user}pid {place.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log {place.folder}/access.log;\n{temporary}include {place.folder}/site.conf;\n}}\n"
    )
    return [program("nginx"), "-e", "stderr", "-c", str(config)]


KINDS = {"caddy": caddy, "nginx": nginx}


@contextmanager
def running(kind: str, place: Place) -> Iterator[None]:
    """Run a proxy until the block ends."""
    log = place.folder / f"{kind}.log"
    environ = {**os.environ, "HOME": str(place.folder), "XDG_CONFIG_HOME": str(place.folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(KINDS[kind](place), stdout=output, stderr=output, env=environ)
    try:
        assert eventually(lambda: _listens(place.https) or process.poll() is not None), log.read_text()
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def program(name: str) -> str:
    """Where a program is; `make test` installs those that are missing."""
    found = shutil.which(name, path=SEARCHED)
    assert found, f"{name} is not installed: apt-get install {name}"
    return found


def changed(text: str, replacements: dict[str, str]) -> str:
    """The text with each of these replaced; all of them have to stand there."""
    for old, new in replacements.items():
        assert old in text, f"{old} is missing"
        text = text.replace(old, new)
    return text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
