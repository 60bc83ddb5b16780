"""The lines that put Chatra's own widget on a site (chatra.md §3.1)."""

from __future__ import annotations

import json

_LOADER = (
    "window.Chatra = window.Chatra || function () { (Chatra.q = Chatra.q || []).push(arguments); };\n"
    'document.head.append(Object.assign(document.createElement("script"), '
    '{async: true, src: "https://call.chatra.io/chatra.js"}));'
)


def snippet(public_key: str, group_id: str = "") -> str:
    """The snippet for an account.

    Args:
        public_key: the account's, which is no secret.
        group_id: of the group in Chatra whose agents the visitors get; empty for all.
    """
    lines = [f"window.ChatraID = {_quoted(public_key)};"]
    if group_id:
        lines.append(f"window.ChatraSetup = {{groupId: {_quoted(group_id)}}};")
    return "\n".join(("<script>", *lines, _LOADER, "</script>"))


def _quoted(text: str) -> str:
    """A text as a script on a page takes it: it cannot end the script."""
    return json.dumps(text).replace("<", "\\u003c")
