"""The commands that run processes: `flask up` runs them all, `web`, `worker` and `cron` one each."""

from functools import partial
from importlib import import_module

import click
from flask import Flask

from config import Settings
from jobs.queues import LOCAL, VENDOR
from processes.crew import Role, log
from processes.supervise import up

QUEUES = {"local": LOCAL, "vendor": VENDOR}
PRELOADED = ("cli", "gunicorn.workers.gthread", "jobs.cron", "jobs.worker")


def register(app: Flask) -> None:
    """Add the commands to the application's `flask` command line."""
    settings: Settings = app.config["DESKBELL"]

    @app.cli.command("up", with_appcontext=False)
    def up_command() -> None:
        """Run the whole desk: web, workers, scheduler and, without REDIS_URL, Redis."""
        up(
            settings,
            roles=_roles(app, settings),
            preload=partial(_preload, settings),
            migrate=partial(_migrate, app),
            announce=partial(_announce, app, settings),
        )

    @app.cli.command("web", with_appcontext=False)
    def web_command() -> None:
        """Serve pages and sockets."""
        _run_web(app, settings)

    @app.cli.command("worker", with_appcontext=False)
    @click.argument("name", type=click.Choice(sorted(QUEUES)))
    def worker_command(name: str) -> None:
        """Do the jobs of one kind: local ones, or those that call vendors."""
        _run_worker(app, name)

    @app.cli.command("cron", with_appcontext=False)
    def cron_command() -> None:
        """Ring for the sweeps that are due; one is enough, two do no harm."""
        _run_cron(app)


def _roles(app: Flask, settings: Settings) -> list[Role]:
    from processes import web

    return [
        Role("web", partial(_run_web, app, settings), stage=1, ready=partial(web.answers, settings)),
        Role("local worker", partial(_run_worker, app, "local"), stage=2),
        Role("vendor worker", partial(_run_worker, app, "vendor"), count=settings.workers_vendor, stage=2),
        Role("scheduler", partial(_run_cron, app), stage=3),
    ]


def _preload(settings: Settings) -> None:
    """Import and set up what the children would otherwise each do for themselves."""
    from sqlalchemy.orm import configure_mappers

    from processes import web

    for name in PRELOADED:
        import_module(name)
    configure_mappers()
    web.refuse_busy_address(settings)


def _run_web(app: Flask, settings: Settings) -> None:
    from processes import web

    web.run(app, settings)


def _run_worker(app: Flask, name: str) -> None:
    from jobs import worker

    worker.run(app, QUEUES[name])


def _run_cron(app: Flask) -> None:
    from jobs import cron

    cron.run(app)


def _migrate(app: Flask) -> None:
    from cli import migrate_database

    migrate_database(app)


def _announce(app: Flask, settings: Settings) -> None:
    from services.agents import setup_link

    with app.app_context():
        link = setup_link(settings.public_url)
    if link:
        log(f"Nobody can sign in yet. Make the first administrator at {link}")
