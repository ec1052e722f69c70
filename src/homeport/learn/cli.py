"""`homeport learn`: exercises in Python, in a folder of the learner's own."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from homeport.core.errors import Problem
from homeport.learn import practice_screen as screen
from homeport.learn import practice_send
from homeport.learn.practice import Exercise, find
from homeport.learn.practice_folder import BLOG, Blog, Folder
from homeport.learn.practice_watch import examine, watch

P = ParamSpec("P")

FOLDER = "homeport-practice"
_CHOSEN = "homeport.learn.folder"


def say(text: object) -> None:
    """Print; with colours only on a terminal that wants them (https://no-color.org)."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    click.echo(text, color=wanted)


def with_folder(command: Callable[Concatenate[Folder, P], None]) -> Callable[..., None]:
    """Give a command `--folder`, which may also stand before the command's name, and hand it the Folder first."""

    @click.option("--folder", metavar="DIR", help=f"Where you practise (default: ./{FOLDER}).")
    @wraps(command)
    def run(folder: str | None, *args: P.args, **kwargs: P.kwargs) -> None:
        meta = click.get_current_context().meta
        chosen = meta[_CHOSEN] = folder or meta.get(_CHOSEN) or FOLDER
        command(Folder(Path(chosen)), *args, **kwargs)

    return run


def _chosen(folder: Folder, name: str | None) -> Exercise:
    exercise = find(name) if name else folder.current()
    if exercise is None:
        raise Problem("All exercises are done.", code="exercise_unknown", hint="Name one: `homeport learn list`.")
    return exercise


@click.group(invoke_without_command=True)
@with_folder
def learn(folder: Folder) -> None:
    """Practise Python, from the first string to a page of your own.

    Alone, it gives you the next exercise, watches your file, and says what happened each time you save it.
    Your programs run on this machine, with your rights: in an empty folder, for five seconds at most, and without the
    blog's settings.
    """
    if click.get_current_context().invoked_subcommand:
        return
    done = len(folder.progress.done)
    say(f"{done} done. Your folder: {folder.path}\n" if done else f"Welcome. Your folder: {folder.path}\n")
    try:
        watch(folder, say)
    except KeyboardInterrupt:
        say("\nUntil next time: `homeport learn` goes on here.")


@learn.command()
@click.argument("name", required=False)
@with_folder
def check(folder: Folder, name: str | None) -> None:
    """Check the present exercise, or the one called NAME; exit code 1 while it is not solved."""
    if not examine(_chosen(folder, name), folder, say).passed:
        sys.exit(1)


@learn.command()
@click.argument("name", required=False)
@with_folder
def hint(folder: Folder, name: str | None) -> None:
    """Show a hint, and each time one more."""
    exercise = _chosen(folder, name)
    say(screen.hints(exercise, folder.next_hint(exercise)))


@learn.command()
@click.argument("name", required=False)
@with_folder
def show(folder: Folder, name: str | None) -> None:
    """Show what the present exercise, or the one called NAME, asks for."""
    exercise = _chosen(folder, name)
    folder.open(exercise)
    say(screen.introduction(exercise, folder))


@learn.command("list")
@with_folder
def list_(folder: Folder) -> None:
    """Name all exercises; x stands before what is done."""
    say(screen.listing(folder.progress))


@learn.command()
@with_folder
def progress(folder: Folder) -> None:
    """Show how far you have come."""
    say(screen.summary(folder.progress))
    if following := folder.current():
        say(f"  Next: {following.number}. {following.title}")


@learn.command()
@click.argument("name")
@with_folder
def solution(folder: Folder, name: str) -> None:
    """Show one way to solve NAME, once you have solved it yourself."""
    exercise = find(name)
    if exercise.name not in folder.progress.done:
        hint = f"`homeport learn hint {exercise.name}` helps, step by step."
        raise Problem("You have not solved this one yet.", code="exercise_open", hint=hint)
    say(screen.solution(exercise))


@learn.command()
@click.argument("name")
@with_folder
def reset(folder: Folder, name: str) -> None:
    """Begin NAME anew; what you wrote is kept in the folder `kept`."""
    exercise = find(name)
    kept = folder.reset(exercise)
    say(f"{folder.file(exercise)} begins anew." + (f" What you wrote is in {kept}." if kept else ""))
    practice_send.tell(folder, say)


@learn.command(short_help="Have a blog know how far you are.")
@click.argument("address")
@click.option("--token-stdin", is_flag=True, help="Read the token from the first line of standard input.")
@click.option(
    "--trust",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="The certificate of the blog's own authority, as PEM.",
)
@with_folder
def connect(folder: Folder, address: str, token_stdin: bool, trust: str | None) -> None:
    """Tell the blog at ADDRESS how far you are, now and after each exercise.

    The blog gives you a token for this at ADDRESS/learn/practice. It opens nothing else.
    """
    found = practice_send.address_of(address)
    typed = (
        sys.stdin.readline() if token_stdin else click.prompt(f"The token from {found}/learn/practice", hide_input=True)
    )
    blog = Blog(found, practice_send.token_of(typed), trust or "")
    heard = practice_send.send(blog, folder.progress)
    folder.keep_blog(blog)
    say(f"Connected. {practice_send.sentence(blog, heard)}")
    say(f"It is told after each exercise. The token is in {folder.path / BLOG}: don't publish that file.")


@learn.command()
@with_folder
def send(folder: Folder) -> None:
    """Tell the connected blog now how far you are."""
    blog = _connected(folder)
    say(practice_send.sentence(blog, practice_send.send(blog, folder.progress)))


@learn.command()
@with_folder
def disconnect(folder: Folder) -> None:
    """Tell no blog any more. What it was told stays there."""
    blog = _connected(folder)
    folder.forget_blog()
    say(f"{blog.address} is told nothing more. End the token as well: {blog.address}/account/tokens")


def _connected(folder: Folder) -> Blog:
    blog = folder.blog
    if blog is None:
        hint = "`homeport learn connect ADDRESS` connects one."
        raise Problem("No blog is connected to this folder.", code="not_connected", hint=hint)
    return blog
