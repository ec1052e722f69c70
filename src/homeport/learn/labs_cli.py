"""The command `homeport lab`: experiments on made-up people, on this machine alone."""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import NoReturn

import click

from homeport.core.clock import now
from homeport.core.config import PREFIX
from homeport.core.errors import Problem
from homeport.learn import labs_background, labs_leak, labs_mitm, labs_passwords, labs_port80, labs_sessions
from homeport.learn.labs_list import LABS
from homeport.learn.labs_reports import Report, leave
from homeport.learn.labs_story import Say
from homeport.learn.labs_terminal import Printer
from homeport.learn.labs_wire import HERE

_host = click.option("--host", default=HERE, show_default=True, metavar="ADDRESS", help="Address of the loopback.")


@click.group(invoke_without_command=True)
@click.pass_context
def lab(ctx: click.Context) -> None:
    """Try out what can happen to a web site, on made-up people and on this machine alone.

    Each lab makes a blog of its own in a temporary folder, and removes it at the end, also after Ctrl-C. Your own blog
    is neither read nor changed, except that the lab leaves its report there: the last one of each lab stands on your
    blog's page /learn/labs. Where there is no blog yet, none is kept.
    """
    signal.signal(signal.SIGTERM, _end)
    if ctx.invoked_subcommand is None:
        click.echo("Labs, each by: homeport lab NAME")
        for name in lab.list_commands(ctx):
            click.echo(f"  {name:<11} {lab.commands[name].get_short_help_str(110)}")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)  # by the way of every block that cleans up


def _lab(run: Callable[..., None]) -> click.Command:
    """Make a command of a lab, called like it: what it says is printed as it happens, and left as a report."""
    name = run.__name__
    meaning = "The blog that keeps the report (default: ./homeport-data, or HOMEPORT_DATA), if it exists."

    @lab.command(name, short_help=LABS[name].shows)
    @click.option("--data", metavar="DIR", help=meaning)
    @wraps(run)
    def command(data: str | None, **options: object) -> None:
        say = Say(Printer(click.echo, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")).show)
        at, begun = now(), monotonic()
        run(say, **options)
        if not say.is_recording:
            _leave(data, Report(name, at, monotonic() - begun, tuple(say.parts)))

    return command


def _leave(data: str | None, report: Report) -> None:
    folder = Path(data or os.environ.get(f"{PREFIX}DATA") or "homeport-data").expanduser()
    click.echo("")
    if not folder.is_dir():
        click.echo(f"There is no blog in {folder}, so no report is kept.")
        return
    try:
        path = leave(folder, report)
    except Problem as problem:  # the lab itself went well
        click.echo(f"{problem.message} {problem.hint}", err=True)
    else:
        click.echo(f"Report: {path}, and on your blog's page /learn/labs/{report.lab}.")


@_lab
@click.option("--seconds", type=click.FloatRange(0.2), default=4.0, show_default=True, help="For each attack.")
@click.option("--words", type=click.IntRange(250, 30000), default=3000, show_default=True, help="Words to guess with.")
def passwords(say: Say, seconds: float, words: int) -> None:
    """Attack the same passwords as plain text, MD5, salted SHA-256, and as this blog keeps them."""
    labs_passwords.run(say, seconds, words)


@_lab
def leak(say: Say) -> None:
    """Steal the database of a made-up blog and look what it is good for."""
    labs_leak.run(say)


@_lab
@click.option("--mails", type=click.IntRange(10, 10000), default=1000, show_default=True, help="How many mails.")
@_host
def background(say: Say, mails: int, host: str) -> None:
    """Pull the plug while mails are sent, by a thread in a route and by a job, and count what arrived."""
    labs_background.run(say, mails, host)


@_lab
@_host
def mitm(say: Say, host: str) -> None:
    """Listen in while somebody logs in over HTTP and HTTPS; then forge a certificate, and strip HTTPS from a link."""
    labs_mitm.run(say, host)


@_lab
def sessions(say: Say) -> None:
    """Try to get into somebody's login, on this blog and on a weak copy of it."""
    labs_sessions.run(say)


@_lab
def port80(say: Say) -> None:
    """Drop port 80 at a router and get a certificate all the same, three ways, on an internet of this machine's own.

    Needs root, ip, nft, BIND, pebble and curl. Where one of them is missing, it says which, and shows a recording.
    """
    labs_port80.run(say)
