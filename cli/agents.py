"""Agents from the shell: the people who answer."""

from __future__ import annotations

from collections.abc import Sequence

import click
from flask.cli import AppGroup

from cli.frame import Unknown, desk_settings, one_clear_line, ready
from models import Access, Agent
from services.attendance import custom_statuses, statuses
from services.signing_in import passwords, two_factor
from services.team import access_levels, agents, groups
from services.team.access_levels import Level

agent = AppGroup("agent", help="Agents: the people who answer.")


# By their values: click goes by the names of an enumeration's members.
LEVELS = [str(access) for access in Access]


@agent.command("create")
@click.option("--email", required=True, help="The address, which is also the login.")
@click.option("--name", required=True, help="The name that customers see.")
@click.option("--password", required=True, help="At least 8 characters.")
@click.option("--admin", is_flag=True, help="May change the settings.")
@click.option("--access", type=click.Choice(LEVELS), help="Default: full, or groups if a group is named.")
@click.option("--group", "group_names", multiple=True, help="For access by groups; made if missing. May be repeated.")
@click.option("--without-channel", "families", multiple=True, help="Such as live_chat. May be repeated.")
@one_clear_line
def create_agent(
    email: str,
    name: str,
    password: str,
    admin: bool,
    access: str | None,
    group_names: tuple[str, ...],
    families: tuple[str, ...],
) -> None:
    """Add an agent who can sign in at once."""
    refused = agents.refusals(email=email, name=name, password=password)
    if refused:
        raise click.ClickException(" ".join(f"{error.field}: {error}" for error in refused))
    ready()
    level = _level(Access(access or (Access.GROUPS if group_names else Access.FULL)), group_names, families)
    made = agents.create(email=email, name=name, password=password, is_admin=admin, level=level)
    click.echo(f"{made.name} can sign in as {made.email}.")


@agent.command("status")
@click.argument("email")
@click.argument("status", required=False)
@one_clear_line
def agent_status(email: str, status: str | None) -> None:
    """Show the status of an agent, or set it as they would by hand.

    STATUS is online, offline, without-chats or the name of a status of your own. Without it the present one is shown.
    """
    ready()
    found = _agent(email)
    if status is not None:
        wanted = custom_statuses.called(status)
        if wanted is None:
            known = ", ".join(custom_statuses.word(choice) for choice in statuses.choices())
            raise Unknown(f"There is no status {status}. There are: {known}.")
        statuses.choose(found.id, wanted.id)
    click.echo(custom_statuses.word(statuses.of(found)))


@agent.command("password")
@click.argument("email")
@click.option("--ask", is_flag=True, help="Ask for the password here and now.")
@one_clear_line
def agent_password(email: str, ask: bool) -> None:
    """Print a link by which an agent chooses a new password, once and within three days."""
    ready()
    found = _agent(email)
    if not ask:
        click.echo(f"{desk_settings().public_url}/password/{passwords.make_link(found)}")
        return
    passwords.put(found.id, click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    click.echo(f"{found.name} has a new password and is signed out everywhere.")


@agent.command("two-factor")
@click.argument("email")
@click.option("--off", is_flag=True, help="Ask for no second factor any more: phone and recovery codes are gone.")
@one_clear_line
def agent_two_factor(email: str, off: bool) -> None:
    """Show whether an agent signs in with a second factor, or turn it off."""
    ready()
    found = _agent(email)
    if off:
        two_factor.reset(found.id)
    click.echo("on" if two_factor.is_on(found.id) else "off")


def _agent(email: str) -> Agent:
    found = agents.by_email(email)
    if found is None:
        raise Unknown(f"There is no agent {email}, or they may not sign in.")
    return found


def _level(access: Access, group_names: Sequence[str], families: Sequence[str]) -> Level:
    if group_names and access != Access.GROUPS:
        raise click.UsageError("--group goes with --access groups.")
    if families and access == Access.LIMITED:
        raise click.UsageError("--without-channel does not go with --access limited.")
    unknown = set(families) - set(access_levels.families())
    if unknown:
        known = ", ".join(access_levels.families())
        raise click.UsageError(f"There is no channel {', '.join(sorted(unknown))}. There are: {known}.")
    return Level(access, {groups.named(name).id: list(families) for name in group_names}, list(families))
