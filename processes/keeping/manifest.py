"""What a backup says about itself, in its last member."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from extensions import vault

MEMBER = "manifest.json"
FORMAT = 1
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The contents of a backup.

    `version` is Deskbell's, `taken_at` ISO 8601, a key from the environment is not among the members, `key_check` tells
    whether another key is the same one, and `members` are names with their SHA-256.
    """

    version: str
    taken_at: str
    database: Literal["sqlite", "postgresql"]
    revision: str
    cases: int
    messages: int
    files: int
    key_from_environment: bool
    key_check: str
    members: dict[str, str]

    def to_json(self) -> str:
        """The text of the member."""
        return json.dumps({"product": "deskbell", "format": FORMAT, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read the text of the member. Raises ValueError when it is none that this version understands."""
        fields = json.loads(text)
        if not isinstance(fields, dict) or fields.pop("product", None) != "deskbell":
            raise ValueError("its manifest is not Deskbell's")
        if fields.pop("format", None) != FORMAT:
            raise ValueError("it was made by a newer Deskbell")
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError("its manifest lacks something") from error

    @property
    def database_member(self) -> str:
        """The name of the database in the archive."""
        return "database.sqlite3" if self.database == "sqlite" else "database.pgdump"


def check_of_key() -> str:
    """Tells keys apart without telling the key."""
    return vault.sign("the key of a backup")[:16]


def product_version() -> str:
    """The version of Deskbell that runs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])
