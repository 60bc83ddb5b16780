"""What limits of requests count."""

from __future__ import annotations

from flask import Response


def was_refused(response: Response) -> bool:
    """Only tries that were refused: whoever does it right is never in the way."""
    return response.status_code == 422
