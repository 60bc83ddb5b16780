"""`flask integration check`: what a live vendor really answers, point by point."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import click

from blueprints.connecting import adapter_of
from channels.base import AgentData, ChannelError
from channels.chatra.adapter import ChatraAdapter
from channels.chatra.checking.line import Line
from channels.chatra.checking.walk import walk
from channels.checking import Ground, Point, Verdict, printed
from cli.frame import Unknown, one_clear_line, ready
from cli.recorder import Recorder
from extensions import db
from models import Channel
from services.conversations import customers
from services.exchange import channels, evidence
from services.team import agents

_MOST_EARLIER = 100
_MOST_HEARD = 500


@click.command("check")
@click.argument("name")
@click.option("--send", is_flag=True, help="Also send messages to one visitor and delete them again; asks first.")
@click.option("--visitor", help="Chatra's id of the visitor who is looked at. Default: whom the desk met last.")
@click.option("--agent", "email", help="Who sends. Default: the first administrator by name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", type=click.FloatRange(0, 600), default=60.0, help="Seconds to wait for our own messages.")
@click.option("--record", "file", type=click.Path(path_type=Path), help="Write down what was said, redacted.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
@one_clear_line
def check(
    context: click.Context,
    name: str,
    send: bool,
    visitor: str | None,
    email: str | None,
    yes: bool,
    wait: float,
    file: Path | None,
    force: bool,
) -> None:
    """Ask the vendor of the integration NAME what its documents leave open.

    NAME may also be its number in `flask integration list`. Nothing is changed without --send. The exit status is 1
    where an answer differs from what Deskbell can live with. The sections are those of docs/vendors/chatra.md.
    """
    target = Recorder(file, force=force)
    target.require()
    ready()
    channel = _channel(name)
    adapter = _adapter(channel)
    visitor = visitor or evidence.newest_visitor(channel)
    agent = _sender(channel, visitor, email, yes=yes) if send else None
    ground = Ground(
        visitor=visitor,
        agent=agent,
        earlier=evidence.latest(channel, _MOST_EARLIER),
        heard=partial(evidence.since, channel, evidence.newest(channel), _MOST_HEARD),
        patience=wait,
    )
    points = _walk(channel, Line(adapter), ground, target)
    counts = Counter(point.verdict for point in points)
    click.echo(", ".join(f"{verdict}: {counts[verdict]}" for verdict in Verdict))
    context.exit(1 if counts[Verdict.DIFFERS] else 0)


def _walk(channel: Channel, line: Line, ground: Ground, target: Recorder) -> list[Point]:
    """Print each point as it comes; what was said is written down however the walk ends."""
    points: list[Point] = []
    keys = [*channel.credentials.values(), channel.sealed_hook_token or ""]
    secrets = [*keys, ground.visitor, ground.agent.email if ground.agent else ""]
    # A walk takes a minute and more, and nobody else shall have to wait for a connection.
    db.session().rollback()
    try:
        for point in walk(line, ground):
            points.append(point)
            click.echo(printed(point, secrets))
    except ChannelError as error:
        hint = f" Replace them under Settings, Integrations, {channel.name}." if error.broken else ""
        raise click.ClickException(error.reason + hint) from error
    finally:
        if line.exchanges:
            target.write(line, [*ground.earlier, *ground.heard()], points, keys)
    return points


def _channel(name: str) -> Channel:
    there = channels.everything()
    found = [channel for channel in there if name in (str(channel.id), channel.name)]
    found = found or [channel for channel in there if channel.name.casefold() == name.casefold()]
    if not found:
        raise Unknown(f"There is no integration {name}. There are: {', '.join(each.name for each in there)}.")
    if len(found) > 1:
        numbers = ", ".join(str(channel.id) for channel in found)
        raise Unknown(f"Several integrations are called {name}. Name one by its number: {numbers}.")
    return found[0]


def _adapter(channel: Channel) -> ChatraAdapter:
    adapter = adapter_of(channel)
    if not isinstance(adapter, ChatraAdapter):
        raise click.ClickException(f"{channel.name} is our own live chat: there is no vendor to ask.")
    return adapter


def _sender(channel: Channel, visitor: str, email: str | None, *, yes: bool) -> AgentData:
    """In whose name messages go out, once the operator has agreed to whom."""
    if not visitor:
        raise click.ClickException(f"Nobody has written through {channel.name} yet: name a visitor with --visitor.")
    agent = agents.by_email(email) if email else next((each for each in agents.active() if each.is_admin), None)
    if agent is None:
        raise Unknown(f"There is no agent {email}, or they may not sign in." if email else "Name an agent by --agent.")
    if not yes:
        known = customers.identity_of(channel, visitor)
        who = f"{known.customer.name} ({visitor})" if known and known.customer.name else visitor
        click.confirm(
            f"Up to five messages go to {who} in the name of {agent.name} ({agent.email}), and are deleted again. "
            "The visitor may see them. Send them?",
            abort=True,
            err=True,
        )
    return AgentData(agent.id, agent.name, agent.email)
