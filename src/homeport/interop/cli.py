"""`homeport import`."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from homeport.accounts import queries as accounts
from homeport.core import clock
from homeport.core.command import make_app, with_config
from homeport.core.config import Config
from homeport.core.db import commit, end_transaction
from homeport.core.errors import Problem
from homeport.core.http import Role
from homeport.core.site import site
from homeport.interop.pictures import Pictures
from homeport.interop.report import Outcome, Report
from homeport.interop.service import Advance, FolderImport
from homeport.migrations.runner import upgrade

SHOWN = 40
HOLD_SECONDS = 0.5
# Who waits for SQLite's lock asks for it every 100 ms in the end: https://sqlite.org/c3ref/busy_timeout.html. A shorter
# gap between two commits would be missed each time.
GAP_SECONDS = 0.12


@click.command(
    "import",
    help="Bring a blog along: a folder of Markdown files (Zola, Hugo, Jekyll, Pelican or plain).",
    short_help="Bring a blog along from a folder of Markdown.",
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--author", required=True, metavar="EMAIL", help="Whose posts they become; names in the files are kept.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would happen.")
@click.option("--verbose", is_flag=True, help="List every remark, however many.")
@with_config
def import_(config: Config, path: Path, author: str, dry_run: bool, verbose: bool) -> None:
    """Import a folder and print what came in, what did not, and why; exit code 1 when a file failed."""
    if not path.is_dir():
        raise Problem(f"{path} is not a folder that can be read.", code="nothing_to_import")
    upgrade(config)
    console = Console()
    with make_app(config).app_context():
        run = _prepare(config, path, author, dry_run)
        report = run.run(_committing(_Bar(console).advance))
    _print(report, console, everything=verbose, dry_run=dry_run)
    sys.exit(1 if report.count(Outcome.FAILED) else 0)


def _prepare(config: Config, path: Path, author: str, dry_run: bool) -> FolderImport:
    user = accounts.by_email(author)
    if user is None or user.role < Role.AUTHOR:
        raise Problem(
            f"{author} is not an account that may write here.",
            code="no_such_author",
            hint=f"Make one with: homeport user add {author} --name NAME --role author",
        )
    now = clock.now()
    user_id, zone = user.id, ZoneInfo(site().time_zone)
    end_transaction()  # reading every file once comes first, and takes no lock
    return FolderImport(path.resolve(), user_id, Pictures(config.media, user_id, now, dry_run), zone, now, dry_run)


def _committing(show: Advance) -> Advance:
    """Commit twice a second: what is done stays done when the import is killed, and others come to write in between."""
    began = time.monotonic()

    def advance(done: int, total: int) -> None:
        nonlocal began
        if done == total or time.monotonic() - began > HOLD_SECONDS:
            commit()
            time.sleep(GAP_SECONDS if done < total else 0)
            began = time.monotonic()
        show(done, total)

    return advance


class _Bar:
    """A progress bar on a terminal; elsewhere a line for every hundred posts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (TextColumn("Bringing in posts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("posts", total=None)

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` posts are finished."""
        if self._console.is_terminal:
            self._progress.start()
            self._progress.update(self._task, completed=done, total=total)
            if done == total:
                self._progress.stop()
        elif done % 100 == 0 or done == total:
            self._console.print(f"{done} of {total} posts")


def _print(report: Report, console: Console, *, everything: bool, dry_run: bool) -> None:
    lines = list(report.lines())
    shown = lines if everything else lines[:SHOWN]
    for line, style in _details(shown):
        # A terminal breaks what is too long by itself, and then a file's name or an address can be copied whole.
        shown_line = "".join(char if char.isprintable() else "\ufffd" for char in line)  # none that moves the cursor
        console.print(shown_line, style=style, soft_wrap=True, markup=False, highlight=False)
    if len(lines) > len(shown):
        console.print(f"… and {len(lines) - len(shown)} more remarks; --verbose shows them all.")
    summary = Table(box=None, pad_edge=False, show_header=False)
    for outcome, number in report.summary():
        summary.add_row(outcome.capitalize(), str(number))
    summary.add_row("Pictures", str(len(report.pictures)))
    console.print("\nThis was a dry run; nothing was changed.\n" if dry_run else "", summary)


def _details(lines: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Lines with their style: each file, then what to know of it. What holds for several is said once, above them."""
    for (file, outcome), of_file in groupby(lines, itemgetter(0, 1)):
        yield f"{file}  {outcome}", "bold"
        for said, things in groupby((what.partition(": ") for _, _, what in of_file), itemgetter(0)):
            several = [thing for _, _, thing in things]
            if len(several) > 1:
                yield f"  {said}:", ""
                yield from ((f"    {thing}", "") for thing in several)
            else:
                yield f"  {said}: {several[0]}" if several[0] else f"  {said}", ""
