"""Runs a whole desk: one preloaded parent forks every process and answers for all of them (docs/adr/0007)."""

import gc
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import click

from config import Settings, make_private_dir
from processes import lock, redis_server
from processes.crew import Crew, Role, Stopped, log

REDIS_START_SECONDS = 60.0


def up(
    settings: Settings,
    *,
    roles: Sequence[Role],
    preload: Callable[[], None],
    migrate: Callable[[], None],
    announce: Callable[[], None],
) -> None:
    """Run a desk until SIGTERM, SIGINT or SIGHUP.

    `preload` runs here and imports what the children share: it must start no threads and open no connections.
    `migrate` runs in a child before anything else starts, `announce` in a child once every role with `ready` is up.
    Raises click.ClickException when the desk cannot start, such as when another one uses the same data directory.
    """
    os.umask(0o077)
    with lock.hold(make_private_dir(settings.run_dir, "DATA_DIR") / "lock"):
        gc.disable()
        preload()
        _refuse_threads()
        with Crew() as crew, suppress(Stopped):
            if settings.embedded_redis:
                _start_redis(crew, settings, after=max(role.stage for role in roles) + 1)
            if not crew.run_once("migrations", migrate):
                raise click.ClickException("The database could not be brought up to date, so nothing was started.")
            gc.freeze()
            for role in roles:
                crew.start(role)
            crew.wait_until(partial(_all_ready, roles))
            log(f"Deskbell is running at {settings.public_url}  (Ctrl-C stops it)")
            crew.run_once("announcement", announce)
            crew.watch()


def _refuse_threads() -> None:
    """A fork copies the locks of other threads but not the threads: a child would wait for them forever."""
    if threading.active_count() != 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise RuntimeError(f"loading the application started threads before the fork: {names}")


def _all_ready(roles: Sequence[Role]) -> bool:
    return all(role.ready() for role in roles if role.ready)


def _start_redis(crew: Crew, settings: Settings, after: int) -> None:
    """Start Redis, to be stopped `after` all other stages, and wait until it takes commands."""
    redis_server.prepare(settings)
    role = Role("redis", partial(redis_server.execute, redis_server.find_binary(), settings), stage=after)
    crew.start(role)
    crew.wait_until(lambda: redis_server.answers(settings) or not crew.running(role), REDIS_START_SECONDS)
    if not redis_server.answers(settings):
        raise click.ClickException(f"Redis did not start: see {redis_server.log_file(settings)}.")
