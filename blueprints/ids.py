"""Ids in addresses: no larger than a database holds; everything beyond is an address of nothing."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**31 - 1


class IdConverter(IntegerConverter):
    """`<id:case_id>` in a route."""

    def __init__(self, routes: Map) -> None:
        super().__init__(routes, max=LARGEST_ID)


def register(app: Flask) -> None:
    """Let routes use it."""
    app.url_map.converters["id"] = IdConverter
