"""The `homeport` command. Features add subcommands, which are loaded when asked for, so that starting is quick."""

import importlib
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from homeport.core.config import Config, ConfigError
from homeport.core.errors import Problem
from homeport.serving.lifeline import follow_stdin

if TYPE_CHECKING:  # loading Flask takes longer than all the rest of a command's start
    from flask import Flask

COMMANDS = {
    "audit": "homeport.accounts.cli:audit",
    "db": "homeport.ops.cli:db",
    "doctor": "homeport.https.doctor_cli:doctor",
    "edge": "homeport.https.cli:edge",
    "import": "homeport.interop.cli:import_",
    "keys": "homeport.accounts.cli:keys",
    "lab": "homeport.learn.labs_cli:lab",
    "learn": "homeport.learn.cli:learn",
    "prepare": "homeport.serving.prepare:prepare",
    "serve": "homeport.serving.cli:serve",
    "service": "homeport.ops.service_cli:service",
    "settings": "homeport.ops.cli:settings",
    "user": "homeport.accounts.cli:user",
    "web": "homeport.serving.web:web",
    "worker": "homeport.jobs.cli:worker",
}


class LazyGroup(click.Group):
    """A click group that imports a subcommand when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """The names for `--help`."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        """The command itself, or None for click to say that there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="homeport")
@click.option("--supervised", is_flag=True, hidden=True, help="End when standard input does.")
@click.pass_context
def group(ctx: click.Context, *, supervised: bool) -> None:
    """Homeport: your own blog, on your own computer."""
    if supervised:
        follow_stdin()
    ctx.obj = _create_app


def _create_app(config: Config) -> "Flask":
    app: Flask = importlib.import_module("homeport.app").create_app(config)
    return app


def main() -> None:
    """Run a command. A Problem, or a database that is busy or full, ends it with a sentence: exit code 2 for a wrong
    setting, 1 for anything else.
    """
    try:
        group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except Problem as problem:
        _end(problem)
    except Exception as error:
        known = importlib.import_module("homeport.core.storage").problem(error, writing=False)
        if known is None:
            raise
        _end(known)


def _end(problem: Problem) -> NoReturn:
    click.echo(f"homeport: {problem.message}" + (f"\n{problem.hint}" if problem.hint else ""), err=True)
    sys.exit(2 if isinstance(problem, ConfigError) else 1)


if __name__ == "__main__":
    main()
