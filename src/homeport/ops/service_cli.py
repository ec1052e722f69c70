"""The command `homeport service`: run the blog from the start of this computer on, and again whenever it ends."""

import os
import sys
from pathlib import Path

import click

from homeport.core.config import Config, load
from homeport.core.errors import Problem
from homeport.ops import installing, unit
from homeport.ops.installing import RECIPES, Plan
from homeport.ops.unit import NAME, STATE, Service

LOW_PORTS = "sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80"

_user = click.option("--user", "for_user", is_flag=True, help="For the account you are, without root.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_root = click.option("--root", default="/", type=click.Path(path_type=Path), hidden=True)


@click.group(epilog=RECIPES)
def service() -> None:
    """Have systemd run the blog."""


@service.command()
@_user
@_yes
@_root
@click.option("--data", metavar="DIR", help=f"Where the blog is kept (default: {STATE}; with --user as for serve).")
@click.option("--domain", metavar="NAME", help="Public name of the blog, such as blog.example.com.")
def install(*, for_user: bool, yes: bool, root: Path, data: str | None, domain: str | None) -> None:
    """Show the unit and what will be done, ask, and do it."""
    installing.require_systemd(root)
    config = _config(data, domain, for_user=for_user)
    made = installing.service(config.data, config.domain if domain else "", for_user=for_user)
    plan = installing.plan(made, root)
    _show(plan)
    _require_rights(for_user=for_user, root=root)
    _agree("Do this?", yes=yes)
    for path, content in plan.files:
        installing.write(path, content)
    failed = [step for step in plan.steps if not installing.run(step)]
    click.echo(f"Done: the blog in {made.data} runs, and starts with this computer. See: homeport service status")
    for step in failed:
        click.echo(f"This did not work; until it does, the blog ends when you log out: {step}")
    _mention(made, config)


@service.command()
@_user
@_yes
@_root
def uninstall(*, for_user: bool, yes: bool, root: Path) -> None:
    """End the service and take it out of systemd; the blog's data stays."""
    installing.require_systemd(root)
    file = installing.unit_file(root, for_user=for_user)
    if not file.exists():
        click.echo("There is no such service.")
        return
    kept = unit.data_of(file.read_text(encoding="utf-8"))
    before, after = installing.removal(for_user=for_user)
    click.echo(f"It runs: {before}\nIt removes: {file}\nIt runs: {after}")
    _require_rights(for_user=for_user, root=root)
    _agree("Do this?", yes=yes)
    installing.run(before)
    file.unlink(missing_ok=True)
    installing.run(after)
    click.echo(f"The service is gone. The blog’s data stays in {kept}; nothing in it was touched.")
    for sentence in installing.left_behind(root, for_user=for_user):
        click.echo(sentence)


@service.command()
@_user
@_root
def status(*, for_user: bool, root: Path) -> None:
    """Say whether the service is installed and runs, and show its last lines. Exit code 3 if it does not run."""
    installing.require_systemd(root)
    if not installing.unit_file(root, for_user=for_user).exists():
        click.echo("The service is not installed. homeport service install does it.")
        sys.exit(3)
    control = installing.control_of(for_user=for_user)
    said = installing.ask([*control, "show", NAME, "--property=ActiveState,SubState,ActiveEnterTimestamp,NRestarts"])
    facts = dict(line.partition("=")[::2] for line in said.splitlines())
    running = facts.get("ActiveState") == "active"
    since = f" since {facts['ActiveEnterTimestamp']}" if running and facts.get("ActiveEnterTimestamp") else ""
    state = "runs" if running else f"does not run ({facts.get('ActiveState', 'unknown')})"
    click.echo(f"The service is installed and {state}{since}.")
    click.echo(f"Started again by systemd: {facts.get('NRestarts', 0)} times.")
    log = ["journalctl", *(["--user-unit"] if for_user else ["--unit"]), NAME]
    click.echo(installing.ask([*log, "--lines=10", "--no-pager", "--output=cat"]), nl=False)
    sys.exit(0 if running else 3)


def _config(data: str | None, domain: str | None, *, for_user: bool) -> Config:
    # What the environment says holds for this shell and not for the service, but for where the data is.
    environ = {name: value for name, value in os.environ.items() if name == "HOMEPORT_DATA" and for_user}
    return load({"data": data or (None if for_user else str(STATE)), "domain": domain}, environ)


def _show(plan: Plan) -> None:
    for path, content in plan.files:
        click.echo(f"It writes {path}:\n\n{content}")
    click.echo("It runs:")
    for step in plan.steps:
        click.echo(f"  {step}")


def _require_rights(*, for_user: bool, root: Path) -> None:
    if for_user and os.geteuid() == 0:
        raise Problem("--user is for an account that is not root.", code="not_root", hint="Leave --user out.")
    if not for_user and os.geteuid() != 0 and root == Path("/"):
        command = f"sudo {Path(sys.prefix) / 'bin' / 'homeport'} service …"
        raise Problem(
            "Only root may change the system’s services.", code="not_root", hint=f"Type: {command}, or add --user."
        )


def _agree(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)


def _mention(made: Service, config: Config) -> None:
    left = sorted(name for name in os.environ if name.startswith("HOMEPORT_") and name != "HOMEPORT_DATA")
    if left:
        click.echo(f"The service does not see {', '.join(left)}: write them into {made.data / 'homeport.toml'}.")
    if not made.user and config.edge:
        click.echo(f"Ports 443 and 80 need root once: {LOW_PORTS}, and the same in /etc/sysctl.d to keep it.")
    log = f"journalctl {'--user-unit' if not made.user else '--unit'} {NAME}"
    click.echo(f"While the blog has no owner, the link to become it stands in its log: {log}")
