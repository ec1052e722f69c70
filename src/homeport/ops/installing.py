"""Making the blog a service of this computer: what would be done, as a list to be shown first, and doing it."""

import os
import pwd
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import homeport
from homeport.core.errors import Problem
from homeport.ops import unit
from homeport.ops.unit import NAME, STATE, SYSUSERS, USER, Service

RECIPES = "docs/service.md has recipes for OpenRC, runit, cron and launchd."


OWN_ACCOUNT = "etc/sysusers.d/homeport.conf"
"""What makes the account, below the root of the file system."""


@dataclass(frozen=True)
class Step:
    """A command that is run, and whether it is no harm if it fails."""

    arguments: tuple[str, ...]
    may_fail: bool = False

    def __str__(self) -> str:
        """As one would type it."""
        return shlex.join(self.arguments)


@dataclass(frozen=True)
class Plan:
    """What installing does: files to write, then commands to run."""

    files: tuple[tuple[Path, str], ...]
    steps: tuple[Step, ...]


def require_systemd(root: Path) -> None:
    """Raise Problem where this computer was not started by systemd (sd_booted(3))."""
    if not (root / "run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        raise Problem(
            "This computer is not run by systemd, so there is no service to make.", code="no_systemd", hint=RECIPES
        )


def unit_file(root: Path, *, for_user: bool) -> Path:
    """Where the unit lies; `for_user`: of the account that asks, without root."""
    own = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(own) / "systemd/user" / NAME if for_user else root / "etc/systemd/system" / NAME


def service(data: Path, domain: str, *, for_user: bool) -> Service:
    """The service for a blog in `data`, by the program that runs now. Raises Problem where it could not read itself."""
    program = Path(sys.prefix) / "bin" / "homeport"
    start = [str(program)] if program.is_file() else [sys.executable, "-P", "-m", "homeport.cli"]
    command = (*start, "serve", "--data", str(data), *(["--domain", domain] if domain else []))
    places = [Path(sys.prefix), Path(homeport.__file__).parents[1], Path(sys.base_prefix)]
    made = Service(command, data, "" if for_user else account_for(data), unit.outermost(places))
    if made.user == USER:
        for path in made.code:
            _require_readable(path)
    return made


def account_for(data: Path) -> str:
    """Whose the service is: of a blog that belongs to somebody already, theirs; else an account of its own."""
    try:
        owner = data.stat().st_uid
        return USER if owner == 0 else pwd.getpwuid(owner).pw_name
    except (OSError, KeyError):
        return USER


def _require_readable(path: Path) -> None:
    # Above a folder that is bound into the service's view nothing is looked at.
    above = [] if unit.is_hidden(path) else path.parents
    shut = [folder for folder in (path, *above) if folder.stat().st_mode & 0o005 != 0o005]
    if shut:
        hint = f"Type: chmod -R o+rX {shut[-1]}, or move the folder to /opt."
        raise Problem(f"The service's own account can't read {shut[-1]}.", code="program_unreadable", hint=hint)


def plan(made: Service, root: Path) -> Plan:
    """What is to be done to install it."""
    file = unit_file(root, for_user=not made.user)
    control = control_of(for_user=not made.user)
    starts = [Step((*control, "daemon-reload")), Step((*control, "enable", NAME)), Step((*control, "restart", NAME))]
    if not made.user:
        return Plan(((file, unit.text(made)),), (*starts, Step(("loginctl", "enable-linger"), may_fail=True)))
    if made.user != USER:
        return Plan(((file, unit.text(made)),), tuple(starts))
    sysusers = root / OWN_ACCOUNT
    begins = [Step(("systemd-sysusers", str(sysusers)))]
    if made.data != STATE:
        begins.append(Step(("install", "-d", "-m", "700", "-o", USER, "-g", USER, str(made.data))))
        begins.append(Step(("chown", "-R", f"{USER}:{USER}", str(made.data))))
    return Plan(((sysusers, SYSUSERS), (file, unit.text(made))), (*begins, *starts))


def removal(*, for_user: bool) -> tuple[Step, Step]:
    """What is run before the unit's file goes, and after it."""
    control = control_of(for_user=for_user)
    return Step((*control, "disable", "--now", NAME)), Step((*control, "daemon-reload"))


def left_behind(root: Path, *, for_user: bool) -> list[str]:
    """What stays when the service is gone, and how it goes too: sentences."""
    if for_user:
        return ["Your account’s other services still go on when you log out: loginctl disable-linger ends that."]
    account = root / OWN_ACCOUNT
    if not account.exists():
        return []
    return [f"The account {USER}, whose the data is, stays with {account}. When the data is gone: userdel {USER}"]


def control_of(*, for_user: bool) -> list[str]:
    """The command that talks to the service manager."""
    return ["systemctl", "--user"] if for_user else ["systemctl"]


def write(path: Path, content: str) -> None:
    """Put a file where the service manager looks for it; readable by all, for it holds no secret. Raises Problem."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        raise Problem(f"{path} can't be written: {error.strerror}.", code="service_failed") from None


def run(step: Step) -> bool:
    """Run a step; says whether it went well. Raises Problem for one that has to."""
    try:
        done = subprocess.run(step.arguments, capture_output=True, text=True, check=False)  # noqa: S603 (shown before)
        code, said = done.returncode, done.stderr.strip() or done.stdout.strip()
    except OSError as error:
        code, said = 1, str(error.strerror)
    if code and not step.may_fail:
        hint = f"{said}\nhomeport service status shows the last lines of its log.".strip()
        raise Problem(f"“{step}” failed.", code="service_failed", hint=hint)
    return code == 0


def ask(arguments: Sequence[str]) -> str:
    """What a command that only looks says; "" where it can't be run."""
    try:
        return subprocess.run(arguments, capture_output=True, text=True, check=False).stdout  # noqa: S603 (our own words)
    except OSError:
        return ""
