"""The command `homeport worker`."""

import logging
import os
import signal

import click

from homeport.core import log
from homeport.core.command import make_app, with_config
from homeport.core.config import Config
from homeport.core.errors import Problem
from homeport.core.signals import Wish
from homeport.jobs.worker import run_worker
from homeport.migrations import is_current


@click.command()
@with_config
def worker(config: Config) -> None:
    """Run background jobs alone; `homeport serve` does it too."""
    log.configure(config)
    if not config.database_url and not is_current(config):
        hint = "Start the blog with homeport serve, or bring the database up to date with homeport db upgrade."
        raise Problem("The blog's database is not there or not up to date.", code="not_migrated", hint=hint)
    stop = Wish()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_worker(make_app(config), stop)
    logging.shutdown()
    # The interpreter would wait for the thread of a job that is cut off; the job itself goes on at the next start.
    os._exit(0)
