"""What the widget costs a site's visitor: bytes over the wire from the desk's origin, as Chromium counts them."""

from __future__ import annotations

import gzip
from typing import Any

from playwright.sync_api import Page

from bench.browsers import Street, street
from bench.desk import ROOT, running

LAUNCHER = ("loader.js", "launcher.css")


class Meter:
    """Counts what a page receives from one origin, headers and preflights included."""

    def __init__(self, page: Page, origin: str) -> None:
        self.total = 0
        self._origin = origin
        self._ours: set[str] = set()
        self._session = page.context.new_cdp_session(page)
        self._session.on("Network.requestWillBeSent", self._began)
        self._session.on("Network.loadingFinished", self._ended)
        self._session.send("Network.enable")

    def _began(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith(self._origin):
            self._ours.add(event["requestId"])

    def _ended(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._ours:
            self.total += int(event["encodedDataLength"])


def measure() -> dict[str, object]:
    """Load a shop's page as a newcomer, then open the panel."""
    with running() as desk, street(desk) as around:
        closed, opened = _visit(around)
    return {"widget_closed_bytes": closed, "widget_open_bytes": opened}


def packed(*, panel: bool) -> int:
    """What the widget would take at least: the content of its files, packed as hard as gzip can, without a header."""
    source = ROOT / "widget_js"
    files = [[source / name] for name in LAUNCHER]
    if panel:
        files += [[source / "panel.css"], sorted((source / "panel").glob("*.js"))]
    return sum(len(gzip.compress(b"\n".join(path.read_bytes() for path in parts), 9)) for parts in files)


def _visit(around: Street) -> tuple[int, int]:
    page = around.page()
    meter = Meter(page, around.desk.url)
    page.goto(around.shop)
    button = page.get_by_role("button", name="Open chat")
    button.wait_for()
    page.wait_for_load_state("networkidle")
    closed = meter.total
    button.click()
    page.get_by_label("Your name").wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    return closed, meter.total
