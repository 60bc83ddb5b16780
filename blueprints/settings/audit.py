"""Settings → Audit log: who changed what, newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from blueprints.ids import LARGEST_ID
from blueprints.security import administrators_only
from services import audit_log

from . import audit_words

bp = Blueprint("audit", __name__, url_prefix="/settings/audit")


@bp.get("")
@administrators_only
def index() -> str:
    """A page of the log."""
    known = {value: audit_words.actor(name) for value, name in audit_log.actors().items()}
    who, kind = _one_of(list(known), "who"), _one_of(audit_log.KINDS, "kind")
    page = audit_log.entries(who=who, kind=kind, after=_after())
    return render_template(
        "settings/audit.html",
        page=page,
        lines=audit_words.lines(page.entries, audit_log.names()),
        actors=known,
        kinds={kind: audit_words.kind_name(kind) for kind in audit_log.KINDS},
        who=who,
        kind=kind,
        active_section="settings",
    )


def _one_of(known: list[str] | tuple[str, ...], name: str) -> str:
    """What was asked for, if it is there to be asked for."""
    wanted = request.args.get(name, "")
    return wanted if wanted in known else ""


def _after() -> int | None:
    """The last entry of the page before; what cannot be read begins at the front."""
    text = request.args.get("after", "")
    return min(int(text), LARGEST_ID) if text.isascii() and text.isdecimal() and len(text) < 20 else None
