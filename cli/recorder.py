"""Where `flask integration check` writes down what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import click

from channels import recording
from channels.base import Delivery
from channels.chatra.checking.line import Line
from channels.chatra.checking.words import VOCABULARY
from channels.checking import Point


@dataclass(frozen=True)
class Recorder:
    """Writes a recording to a file; without a path it does nothing. `force`: the file is replaced if it exists."""

    path: Path | None
    _: KW_ONLY
    force: bool

    def require(self) -> None:
        """Raise `ClickException` if the file cannot be written, before anything is asked or sent."""
        if self.path is None:
            return
        if self.path.is_dir() or (self.path.exists() and not self.force):
            raise click.ClickException(f"{self.path} is there already: name another file, or replace it with --force.")
        if not self.path.absolute().parent.is_dir():
            raise click.ClickException(f"There is no folder {self.path.absolute().parent}.")

    def write(self, line: Line, webhooks: Sequence[Delivery], points: Sequence[Point], secrets: Sequence[str]) -> None:
        """Write down what was said, redacted. Raises `ClickException`."""
        if self.path is None:
            return
        recorded = recording.recording(
            line.adapter.kind,
            base_url=line.adapter.base_url,
            exchanges=line.exchanges,
            webhooks=webhooks,
            points=points,
            secrets=[secret for secret in secrets if secret],
            vocabulary=VOCABULARY,
        )
        try:
            recording.write(self.path, recorded, replace=self.force)
        except OSError as error:
            raise click.ClickException(f"{self.path} could not be written: {error.strerror}.") from error
        click.echo(f"Recorded in {self.path}, redacted. Look through it before you give it to anybody.", err=True)
