"""A shop's page that holds our widget, served from an address of its own as a real site would be."""

from __future__ import annotations

import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lantern &amp; Loom</title>
<link rel="stylesheet" href="/shop.css">
<script async src="{desk}/widget.js" data-widget="{key}"></script>
</head>
<body>
<header><strong>Lantern &amp; Loom</strong> <nav><a href="/">Lamps</a> <a href="/?blankets">Blankets</a></nav></header>
<main>
<h1>Warm light for long evenings</h1>
<p>This shop is made up. The button at the lower right is Deskbell's widget: open it, write something,
and answer as an agent at <a href="{desk}">{desk}</a>.</p>
</main>
</body>
</html>
"""

POLICY = (
    "default-src 'self'; script-src {desk}; style-src 'self' {desk}; connect-src {desk} {socket}; img-src {desk} blob:"
)

STYLE = """
body { margin: 0; font: 18px/1.6 Georgia, serif; color: #33291f; background: #fbf6ee; }
header { display: flex; gap: 2rem; padding: 1.2rem 2rem; border-bottom: 1px solid #e6dccb; }
nav { display: flex; gap: 1rem; }
a { color: #8a4b12; }
main { max-width: 40rem; margin: 4rem auto; padding: 0 2rem; }
h1 { font-weight: normal; font-size: 2.4rem; line-height: 1.2; }
"""


def serve(port: int, desk: str, key: str) -> None:
    """Serve the page until interrupted."""

    class Shop(BaseHTTPRequestHandler):
        """Two files."""

        def do_GET(self) -> None:
            """Send the page or its style."""
            is_style = self.path == "/shop.css"
            body = (STYLE if is_style else PAGE.format(desk=desk, key=key)).encode()
            self.send_response(200)
            self.send_header("Content-Type", f"text/{'css' if is_style else 'html'}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            # As strict as a careful site: only the desk's origin is let in (docs/widget.md).
            self.send_header("Content-Security-Policy", POLICY.format(desk=desk, socket=desk.replace("http", "ws", 1)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    ThreadingHTTPServer(("127.0.0.1", port), Shop).serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        serve(int(sys.argv[1]), sys.argv[2], sys.argv[3])
