"""`homeport doctor`: what is in the way between the internet and this blog."""

import json
import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console

from homeport.core import clock
from homeport.core.config import Config, load
from homeport.core.errors import Problem
from homeport.core.findings import Mark
from homeport.https import doctor as examination
from homeport.https import edge, network, router
from homeport.https.doctor import Finding
from homeport.https.router import Answer

SHAPES = {Mark.GOOD: ("●", "green"), Mark.LOOK: ("○", "yellow"), Mark.MEND: ("■", "red")}


@click.command(short_help="Find out what is in the way of HTTPS.")
@click.option("--data", metavar="DIR", help="Where the blog is kept (default: ./homeport-data, or HOMEPORT_DATA).")
@click.option("--domain", metavar="NAME", help="Public name of the blog, such as blog.example.com.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings for a program.")
@click.option("--open-ports", is_flag=True, help="Ask the router to forward the ports, after showing which.")
@click.option("--yes", is_flag=True, help="With --open-ports: do not ask first.")
def doctor(data: str | None, domain: str | None, *, as_json: bool, open_ports: bool, yes: bool) -> None:
    """Find out what is in the way between the internet and this blog, and what to do about it.

    The staging server of the certificate authority is asked to come through the ports. Nothing is changed, unless
    --open-ports is given: then the router is asked to forward the ports. Exit code 1 when something is to be mended.
    """
    config = load({"data": data, "domain": domain}, os.environ)
    if config.edge:
        edge.check(config)  # what `homeport serve` would not start with, in its words
    if open_ports:
        sys.exit(_open_ports(config, sure=yes))
    found = examination.examine(config, _silent if as_json else _Line().show)
    if as_json:
        click.echo(json.dumps([_plain(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _print(found)
    sys.exit(1 if any(each.row.mark is Mark.MEND for each in found) else 0)


def _silent(_done: int, _total: int, _what: str) -> None:
    pass


class _Line:
    """One line on a terminal that says how far it is; nothing elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    def show(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` parts are finished, the last of them `what`."""
        if self._console.is_terminal:
            text = f"Looking: {what} ({done} of {total})"
            self._console.print(text.ljust(60), end="\r" if done < total else "\n", highlight=False)


def _plain(found: Finding) -> dict[str, str]:
    row = found.row
    return {
        "check": found.check,
        "mark": row.mark.value.lower(),
        "title": row.title,
        "meaning": row.meaning,
        "type_this": row.type_this,
    }


def _print(found: Sequence[Finding]) -> None:
    console = Console()
    for each in found:
        shape, style = SHAPES[each.row.mark]
        console.print(f"{shape} {each.row.mark.value}  ", style=style, end="", highlight=False)
        console.print(each.row.title, style="bold", highlight=False, markup=False)
        console.print(_indented(each.row.meaning), highlight=False, markup=False, soft_wrap=not console.is_terminal)
        for line in each.row.type_this.splitlines():
            console.print(f"          {line}", style="cyan", highlight=False, markup=False, soft_wrap=True)
    to_mend = sum(each.row.mark is Mark.MEND for each in found)
    console.print(f"\n{to_mend or 'Nothing'} to mend.", style="bold", highlight=False)


def _indented(text: str) -> str:
    clean = "".join(char if char.isprintable() else "\ufffd" for char in text)  # other people's words are in it
    return f"        {clean}"


def _open_ports(config: Config, *, sure: bool) -> int:
    wishes = router.wanted(config, network.own_address(network.gateway()))
    if not wishes[0].client or network.is_outside(wishes[0].client):
        raise Problem("There is no router here that would forward ports.", code="no_router")
    click.echo("Your router is asked to forward, to this computer:")
    for wish in wishes:
        click.echo(f"  port {wish.outside} {wish.protocol} from outside  →  {wish.client} port {wish.inside}")
    click.echo("Nothing else is changed.")
    if not sure and not click.confirm("Shall it be asked?", default=False):
        click.echo("Nothing was asked.")
        return 1
    answers = router.ask(wishes, clock.now())
    if answers is None:
        hint = f"Forward the ports on the router’s own page, which usually is at http://{network.gateway()}/"
        raise Problem("The router answers neither UPnP nor NAT-PMP.", code="router_silent", hint=hint)
    for answer in answers:
        click.echo(f"  port {answer.wish.outside} {answer.wish.protocol}: {_said(answer)}")
    if any(answer.until for answer in answers):
        click.echo("Ask it again before then, or forward the ports on the router’s own page, where it lasts.")
    return 1 if any(answer.problem for answer in answers) else 0


def _said(answer: Answer) -> str:
    if answer.problem:
        return f"not forwarded: {answer.problem}."
    if answer.until:
        return f"forwarded until {answer.until:%Y-%m-%d %H:%M} UTC."
    return "forwarded."
