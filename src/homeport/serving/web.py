"""The web server: Granian, which loads the application in processes of its own and replaces those that die."""

import logging
import signal
from pathlib import Path
from typing import Any

import click
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from homeport.core import log, waiting
from homeport.core.command import with_config
from homeport.core.config import Config
from homeport.https.service import web_socket
from homeport.serving.address import resolve
from homeport.serving.lifeline import DRAIN, GRACE_SECONDS


def _concerns_somebody(line: logging.LogRecord) -> bool:
    # Granian finds many threads for few cores worth a warning at each start: most of ours only wait (`waiting`).
    return "Python threads, which seems quite high" not in line.getMessage()


# Granian's own lines go where ours go. What it says below a warning is about itself.
_LOGGING = {
    "filters": {"ours": {"()": lambda: _concerns_somebody}},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True, "filters": ["ours"]}},
}


@click.command(hidden=True)
@with_config
def web(config: Config) -> None:
    """Answer requests; a part of `homeport serve`."""
    log.configure(config)
    signal.signal(DRAIN, signal.SIG_IGN)  # it is for the processes that answer
    server(config).serve()


def server(config: Config) -> MPServer:
    """Granian for `config.web_processes` processes. The application is named, not imported: this process, which only
    watches, stays small."""
    # By its path and with the folder of the package: Granian would else look in the present folder first, where
    # somebody's file may have the name of a module.
    here = Path(__file__).resolve().parent
    return MPServer(
        f"{here / 'application.py'}:make",
        factory=True,
        working_dir=here.parents[1],
        **_place(config),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=config.web_processes,
        blocking_threads=config.web_threads + waiting.PLACES,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS - 2,
    )


def _place(config: Config) -> dict[str, Any]:
    """Where it waits for requests: behind the edge at a socket in the data directory, which has no other way in."""
    if not config.edge:
        return {"address": resolve(config.host, config.port)[1][0], "port": config.port}
    web_socket(config).unlink(missing_ok=True)  # of a server that was killed
    return {"uds": web_socket(config), "uds_permissions": 0o600}
