"""Browsers in a few words, by what they say of themselves."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext

# Most browsers name others too, for the sake of old pages: whoever comes first here is meant.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi": "Vivaldi",
    "YaBrowser": "Yandex Browser",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def register(app: Flask) -> None:
    """Add them to the templates."""
    app.add_template_filter(browser_name)


def browser_name(says: str) -> str:
    """A browser and its system by the User-Agent header, such as "Firefox on Linux"."""
    browser, system = _first(_BROWSERS, says), _first(_SYSTEMS, says)
    if browser and system:
        return str(gettext("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(gettext("Unknown browser"))


def _first(known: dict[str, str], says: str) -> str:
    return next((name for mark, name in known.items() if mark in says), "")
