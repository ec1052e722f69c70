"""The command `homeport serve`."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import partial

import click

from homeport.core import log, served
from homeport.core.config import Config, ConfigError, load
from homeport.https.service import shelf, web_socket
from homeport.migrations import is_current
from homeport.serving import edge, manager
from homeport.serving.address import answers, answers_at
from homeport.serving.edge import stamps, tend, ways_in
from homeport.serving.supervisor import Child, Stop, command, supervise, the_only_one

Flags = Mapping[str, str | None]


@click.command()
@click.option("--data", metavar="DIR", help="Where the blog is kept (default: ./homeport-data, or HOMEPORT_DATA).")
@click.option("--host", metavar="ADDRESS", help="Network address to listen on (default: 127.0.0.1).")
@click.option("--port", metavar="NUMBER", help="Port to listen on (default: 8000).")
@click.option("--domain", metavar="NAME", help="Public name of the blog, such as blog.example.com.")
@click.option("--https-port", metavar="NUMBER", help="Port of HTTPS, where there is a domain (default: 443).")
def serve(**flags: str | None) -> None:
    """Run the blog: the web server and the background jobs."""
    config = load(flags, os.environ)
    log.configure(config)
    stop = Stop()
    environ = _environ(config, flags)
    with the_only_one(config) as lock, ways_in(config) as sockets:
        served.note(config)
        known = stamps(config)
        # The first start has a database to make anyway; later the question whether there is an owner can wait until
        # readers are answered.
        link = None if is_current(config) else _prepare(environ)

        def announce() -> None:
            _announce(config, environ, link)
            if sockets:
                tend(config, sockets, known, stop.asked, click.echo)

        children = [
            Child("web server", command("--supervised", "web"), environ, lock, drains=sockets is None),
            Child("worker for background jobs", command("--supervised", "worker"), environ, lock),
        ]
        if sockets:
            children.append(edge.process(sockets, environ, lock, partial(shelf.leave, config)))
        try:
            supervise(children, stop, lambda: _answers(config), announce)
        finally:
            _settle(config)


def _announce(config: Config, environ: Mapping[str, str], link: str | None) -> None:
    """Say that the blog is ready. Never raises: what comes after is needed all the same."""
    with suppress(SystemExit, OSError):  # the child has said why; or nobody reads what is printed any more
        manager.tell("READY=1")
        click.echo(f"Homeport is ready at {config.origin}")
        found = _prepare(environ) if link is None else link
        if found:
            click.echo(f"Create the owner's account: {found}")


def _answers(config: Config) -> bool:
    """Whether the blog answers: behind the edge the web server must do so first, since the edge would ask it."""
    return (not config.edge or answers_at(web_socket(config))) and answers(config.host, config.port)


def _environ(config: Config, flags: Flags) -> dict[str, str]:
    """What the children are told: all that this command was told, and to share memory between threads."""
    told = {f"HOMEPORT_{name.upper()}": value for name, value in flags.items() if value is not None}
    # Each malloc arena keeps what it once had; two are enough for threads that take turns anyway.
    # How far the whole is, the supervisor tells the service manager: Caddy would speak for itself.
    rest = {name: value for name, value in os.environ.items() if name != manager.SOCKET}
    return {"MALLOC_ARENA_MAX": "2", **rest, **told, "HOMEPORT_DATA": str(config.data)}


def _settle(config: Config) -> None:
    """Make the database one file again, now that nobody has it open: whoever copies that has all of it. And leave no
    page in a file, since what is deleted from now on would stay there."""
    with suppress(ConfigError):
        shelf.empty(config)
    path = config.data / "homeport.db"
    if path.exists() and not config.database_url:
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare(environ: Mapping[str, str]) -> str:
    """Bring the database up to date; returns the owner's set-up link, or "". Ends the command if that fails: the
    child has said why."""
    preparing = subprocess.Popen(  # noqa: S603 (our own command)
        command("--supervised", "prepare"), env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with preparing as child:  # its standard input stays open until its output ends
        link = child.stdout.read().strip() if child.stdout else ""
    if child.returncode:
        sys.exit(max(1, child.returncode))
    return link
