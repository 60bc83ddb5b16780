"""Commands for the people who run a desk: agents, integrations, backups and migrations from the shell."""

from __future__ import annotations

from flask import Flask

from cli.agents import agent
from cli.integrations import integration
from cli.keeping import back_up, database, restore_backup


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (agent, integration, back_up, restore_backup, database):
        app.cli.add_command(command)
