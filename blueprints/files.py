"""Files: by signed address only, as downloads; images may show in place."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file

from extensions import files
from services.conversations import attachments

from .security import guard_file

bp = Blueprint("files", __name__)


@bp.get("/files/<public_id>/<expires>/<signature>/<path:_name>")
def show(public_id: str, expires: str, signature: str, _name: str) -> Response:
    """One attachment."""
    attachment = attachments.by_signature(public_id, expires, signature)
    if attachment is None or not files.path(attachment.public_id).is_file():
        abort(404)
    response = send_file(
        files.path(attachment.public_id),
        mimetype=attachment.media_type if attachment.shows_inline else "application/octet-stream",
        as_attachment=not attachment.shows_inline,
        download_name=attachment.name,
        max_age=24 * 60 * 60,
    )
    return guard_file(response)
