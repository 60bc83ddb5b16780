"""Where a widget may stand and how it looks."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from extensions import db
from models import Widget
from services import desk
from services.errors import InvalidInput
from services.exchange import widgets
from services.exchange.widgets import _site as kept

SITES = ["https://shop.example", "http://localhost:8080", "*.brand.example"]


class TestWhereItMayStand:
    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("https://shop.example", True),
            ("http://shop.example", False),
            ("https://www.shop.example", False),
            ("https://shop.example:8443", False),
            ("https://shop.example.evil.example", False),
            ("https://evil-shop.example", False),
            ("http://localhost:8080", True),
            ("http://localhost", False),
            ("https://www.brand.example", True),
            ("https://a.b.brand.example", True),
            ("https://brand.example", False),
            ("https://evilbrand.example", False),
            ("https://brand.example.evil.example", False),
            ("null", False),
            ("", False),
            ("https://[broken", False),
        ],
    )
    def test_on_the_sites_that_were_named(self, origin: str, allowed: bool) -> None:
        assert widgets.allows(Widget(allowed_sites=SITES), origin) is allowed

    @pytest.mark.parametrize("origin", ["https://anywhere.example", "http://localhost", "null", ""])
    def test_everywhere_as_long_as_none_was_named(self, origin: str) -> None:
        assert widgets.allows(Widget(allowed_sites=[]), origin)

    @given(st.text())
    @example("https://[")
    @example("https://a:b")
    def test_whatever_a_browser_calls_itself_is_answered(self, origin: str) -> None:
        assert widgets.allows(Widget(allowed_sites=SITES), origin) in (True, False)


class TestHowASiteIsWritten:
    @pytest.mark.parametrize(
        ("typed", "origin"),
        [
            ("https://shop.example", "https://shop.example"),
            ("  https://Shop.Example/ ", "https://shop.example"),
            ("shop.example", "https://shop.example"),
            ("http://shop.example", "http://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("localhost:8080", "https://localhost:8080"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("*.shop.example", "*.shop.example"),
            ("*.Shop.Example", "*.shop.example"),
        ],
    )
    def test_it_is_kept_as_browsers_name_it(self, typed: str, origin: str) -> None:
        assert kept(typed) == origin

    @pytest.mark.parametrize(
        "typed",
        [
            "ftp://shop.example",
            "javascript:alert(1)",
            "https://",
            "https://shop.example/path",
            "https://shop.example?a=b",
            "https://shop.example#part",
            "https://user@shop.example",
            "https://shop example",
            "https://shop.example:port",
            "https://shop.example:99999",
            "https://[broken",
            "*",
            "*.",
            "https://*.shop.example",
            "a.*.example",
        ],
    )
    def test_what_is_no_site_is_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            kept(typed)
        assert refusal.value.field == "allowed_sites"

    @given(st.text(max_size=40))
    def test_anything_else_is_either_kept_or_refused_and_what_is_kept_stays_as_it_is(self, typed: str) -> None:
        try:
            origin = kept(typed)
        except InvalidInput:
            return
        assert kept(origin) == origin
        assert origin.startswith("*.") or widgets.allows(Widget(allowed_sites=[origin]), origin)


class TestChanging:
    def test_title_colour_and_sites_are_kept(self, app: Flask) -> None:
        widget = desk.first_widget()
        widgets.change(widget.id, title=" Ask\nus ", colour="#0F766e", sites="shop.example\n\n *.brand.example \n")
        db.session.refresh(widget)
        assert (widget.title, widget.colour) == ("Ask us", "#0F766e")
        assert widget.allowed_sites == ["https://shop.example", "*.brand.example"]

    @pytest.mark.parametrize("colour", ["", "red", "#fff", "#0f766", "#0f766e;", "#0f766g", "0f766e", "#0f766e\n"])
    def test_what_is_no_colour_is_refused(self, colour: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            widgets.change(1, title="", colour=colour, sites="")
        assert refusal.value.field == "colour"
