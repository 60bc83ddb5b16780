"""Runs the demo until Ctrl-C: fresh data, a simulated Chatra, a shop's page, and the desk itself."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from demo import seed
from tests.vendors.chatra import ChatraSimulator, Faults
from tests.vendors.chatra.rest import Keys

ROOT = Path(__file__).parent.parent
MARK = ".demo"
LAST_PORT = 65533
OF_A_REAL_DESK = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "TRUSTED_PROXIES", "HOST"}
FLASK = [sys.executable, "-m", "flask"]


def main() -> None:
    """Start everything and stop it again."""
    port = _port(os.environ.get("PORT", "8000"))
    environ = _environment(port)
    _refuse_busy_ports(port)
    _clear(Path(environ["DATA_DIR"]))
    # Until the desk runs, and while it restarts, webhooks are repeated.
    with ChatraSimulator(port=port + 2, faults=Faults(retries=30, retry_delay=1.0)) as chatra:
        key = seed.fill(environ, chatra, f"http://127.0.0.1:{port}")
        _run(port, environ, key, chatra.another_account())


def _run(port: int, environ: Mapping[str, str], key: str, spare: Keys) -> None:
    """Run the desk and the shop until the desk ends, and exit as it did."""
    shop = _start([sys.executable, "-m", "demo.site", str(port + 1), f"http://127.0.0.1:{port}", key], environ)
    _say(port, spare)
    # Ctrl-C reaches the whole group: the desk stops by itself, in order, and this waits for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    desk = _start([*FLASK, "up"], environ)
    signal.signal(signal.SIGTERM, lambda _number, _frame: desk.terminate())
    try:
        raise SystemExit(desk.wait())
    finally:
        shop.terminate()
        shop.wait()


def _port(given: str) -> int:
    """The desk's port; the shop and the simulated Chatra stand on the two behind it."""
    if not given.isdecimal() or not 0 < int(given) <= LAST_PORT:
        raise SystemExit(f"PORT is {given!r}: a number from 1 to {LAST_PORT}, with two free ones behind it.")
    return int(given)


def _refuse_busy_ports(first: int) -> None:
    """All three have to be free before anything is cleared or started."""
    for port in range(first, first + 3):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            advice = "set PORT to the first of three free ones"
            raise SystemExit(f"Port {port} cannot be used ({reason}): {advice}.") from error


def _clear(folder: Path) -> None:
    """Begin with fresh data; a folder that no demo has made is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SystemExit(f"{folder} holds something else than a demo. Choose another DATA_DIR.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _environment(port: int) -> dict[str, str]:
    """A data folder of its own and Chatra's API on this machine; nothing of a real desk's settings."""
    return {
        **{name: value for name, value in os.environ.items() if name not in OF_A_REAL_DESK},
        "PORT": str(port),
        "DATA_DIR": os.environ.get("DATA_DIR", str(ROOT / "data-demo")),
        "CHATRA_API_URL": f"http://127.0.0.1:{port + 2}/api",
    }


def _start(command: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    quiet = None if "flask" in command else subprocess.DEVNULL
    return subprocess.Popen(command, env=environ, cwd=ROOT, stdout=quiet, preexec_fn=_default_interrupt)


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _say(port: int, spare: Keys) -> None:
    lines = (
        "",
        f"  The desk            http://127.0.0.1:{port}",
        f"  sign in as          {seed.ADMINISTRATOR} (administrator) or {seed.AGENT}",
        f"  password            {seed.PASSWORD}",
        f"  A shop, our widget  http://127.0.0.1:{port + 1}",
        f"  A shop with Chatra  http://127.0.0.1:{port + 2}/__sim/   (simulated: no account needed)",
        f"  what goes on there  http://127.0.0.1:{port + 2}/__sim/controls   (agents, bots, failures)",
        f"  to connect it too   public key {spare.public}, secret key {spare.secret}",
        "                      (a second account; paste its webhook address into the page above)",
        "",
        "  Write on one of the shop's pages and watch the green icon at the desk. Ctrl-C ends everything.",
        "",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
