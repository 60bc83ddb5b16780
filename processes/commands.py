"""The commands that run processes: `flask up` runs them all, `web`, `worker` and `cron` one each, after `migrate`."""

from functools import partial
from importlib import import_module

import click
from flask import Flask

from config import Settings
from jobs.queues import LOCAL, VENDOR
from processes import reachable
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
            preload=partial(_preload, app, settings),
            migrate=partial(_migrate, app),
            announce=partial(_announce, app, settings),
        )

    @app.cli.command("web", with_appcontext=False)
    def web_command() -> None:
        """Serve pages and sockets."""
        _require_all(settings)
        _run_web(app, settings)

    @app.cli.command("worker", with_appcontext=False)
    @click.argument("name", type=click.Choice(sorted(QUEUES)))
    def worker_command(name: str) -> None:
        """Do the jobs of one kind: local ones, or those that call vendors."""
        _require_all(settings)
        _run_worker(app, name)

    @app.cli.command("cron", with_appcontext=False)
    def cron_command() -> None:
        """Ring for the sweeps that are due; one is enough, two do no harm."""
        _require_all(settings)
        _run_cron(app)

    @app.cli.command("migrate", with_appcontext=False)
    def migrate_command() -> None:
        """Bring the database up to date, as `up` does before it starts the others."""
        reachable.require_database(settings)
        _migrate(app)

    @app.cli.command("doctor", with_appcontext=False)
    def doctor_command() -> None:
        """Look at settings, folder, servers and limits; say what is wrong and what to do."""
        _examine(settings)


def _require_all(settings: Settings) -> None:
    """What a process that is started by itself needs; `up` looks after it for its own."""
    from processes import migration

    migration.require_current(settings)
    reachable.require_redis(settings)


def _examine(settings: Settings) -> None:
    """Print what was found; exit status 1 where the desk will not work."""
    from processes import doctor

    found = list(doctor.examine(settings))
    for finding in found:
        click.echo(f"{finding.level:4}  {finding.about:11}  {finding.line}")
    if any(finding.level == "fail" for finding in found):
        raise SystemExit(1)


def _roles(app: Flask, settings: Settings) -> list[Role]:
    from processes import web

    return [
        Role("web", partial(_run_web, app, settings), stage=1, ready=partial(web.answers, settings)),
        Role("local worker", partial(_run_worker, app, "local"), stage=2),
        Role("vendor worker", partial(_run_worker, app, "vendor"), count=settings.workers_vendor, stage=2),
        Role("scheduler", partial(_run_cron, app), stage=3),
    ]


def _preload(app: Flask, settings: Settings) -> None:
    """Import and set up what the children would otherwise each do for themselves."""
    from sqlalchemy.orm import configure_mappers

    from processes import web

    for name in PRELOADED:
        import_module(name)
    configure_mappers()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    web.refuse_busy_address(settings)
    reachable.require(settings)


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
    from processes.migration import migrate_database

    try:
        migrate_database(app)
    except click.ClickException as error:
        log(error.message)
        raise SystemExit(1) from error


def _announce(app: Flask, settings: Settings) -> None:
    from services.team.agents import setup_link

    with app.app_context():
        link = setup_link(settings.public_url)
    if link:
        log(f"Nobody can sign in yet. Make the first administrator at {link}")
