"""The command `homeport lab`: experiments on made-up people, on this machine alone."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from homeport.learn import labs_background, labs_leak, labs_mitm, labs_passwords, labs_sessions
from homeport.learn.labs_scene import Say
from homeport.learn.labs_wire import HERE

_host = click.option("--host", default=HERE, show_default=True, metavar="ADDRESS", help="Address of the loopback.")


@click.group(invoke_without_command=True)
@click.pass_context
def lab(ctx: click.Context) -> None:
    """Try out what can happen to a web site, on made-up people and on this machine alone.

    Each lab makes a blog of its own in a temporary folder, and removes it at the end, also after Ctrl-C. Your own blog
    is neither read nor changed.
    """
    signal.signal(signal.SIGTERM, _end)
    if ctx.invoked_subcommand is None:
        click.echo("Labs, each by: homeport lab NAME")
        for name in lab.list_commands(ctx):
            click.echo(f"  {name:<11} {lab.commands[name].get_short_help_str(100)}")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)  # by the way of every block that cleans up


def _say() -> Say:
    return Say(click.echo, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


@lab.command(short_help="The same passwords kept in four ways, and an attack on each.")
@click.option("--seconds", type=click.FloatRange(0.2), default=4.0, show_default=True, help="For each attack.")
@click.option("--words", type=click.IntRange(250, 30000), default=3000, show_default=True, help="Words to guess with.")
def passwords(seconds: float, words: int) -> None:
    """Attack the same passwords as plain text, MD5, salted SHA-256, and as this blog keeps them."""
    labs_passwords.run(_say(), seconds, words)


@lab.command(short_help="The database got out: what each column tells, what opens, what to do.")
def leak() -> None:
    """Steal the database of a made-up blog and look what it is good for."""
    labs_leak.run(_say())


@lab.command(short_help="A thousand mails by a thread and by a job; the plug is pulled in the middle.")
@click.option("--mails", type=click.IntRange(10, 10000), default=1000, show_default=True, help="How many mails.")
@_host
def background(mails: int, host: str) -> None:
    """Pull the plug while mails are sent, by a thread in a route and by a job, and count what arrived."""
    labs_background.run(_say(), mails, host)


@lab.command(short_help="Somebody sits in between: over HTTP, over HTTPS, forging, and taking HTTPS away.")
@_host
def mitm(host: str) -> None:
    """Listen in while somebody logs in over HTTP and HTTPS; then forge a certificate, and strip HTTPS from a link."""
    labs_mitm.run(_say(), host)


@lab.command(short_help="Fixation, theft, guessing, cross-site posting, replayed codes: here and on a weak copy.")
def sessions() -> None:
    """Try to get into somebody's login, on this blog and on a weak copy of it."""
    labs_sessions.run(_say())
