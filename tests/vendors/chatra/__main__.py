"""Run the simulator: python -m tests.vendors.chatra --port 9100 --webhook http://127.0.0.1:8080/hooks/…"""

from __future__ import annotations

import contextlib

import click

from tests.vendors.chatra.faults import Faults
from tests.vendors.chatra.rest import Keys
from tests.vendors.chatra.simulator import ChatraSimulator
from tests.vendors.chatra.wire import Switches


@click.command()
@click.option("--port", default=0, show_default="any free one", help="Port on 127.0.0.1.")
@click.option("--webhook", default="", help="Address for all three webhooks.")
@click.option("--public-key", default=Keys.public, show_default=True, help="Made up, like the secret key.")
@click.option("--secret-key", default=Keys.secret, show_default=True)
@click.option("--idle-seconds", default=600.0, show_default=True, help="Quiet after which a transcript is sent.")
@click.option("--retries", default=5, show_default=True, help="How often a failed webhook is repeated.")
def main(port: int, webhook: str, public_key: str, secret_key: str, idle_seconds: float, retries: int) -> None:
    """Play Chatra on this machine, with a page to write as a visitor."""
    chatra = ChatraSimulator(
        port=port,
        keys=Keys(public_key, secret_key),
        switches=Switches(idle_seconds=idle_seconds),
        faults=Faults(retries=retries, retry_delay=1.0),
    )
    if webhook:
        chatra.send_hooks_to(webhook)
    click.echo(f"This is a simulator, not Chatra.\nVisitor's page  {chatra.home}/__sim/\nREST API        {chatra.url}")
    click.echo(f"Public key      {public_key}\nSecret key      {secret_key}\nWebhooks go to  {webhook or 'nowhere'}")
    with contextlib.suppress(KeyboardInterrupt):
        chatra.serve()


if __name__ == "__main__":
    main()
