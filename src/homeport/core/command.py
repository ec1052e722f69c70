"""What every command shares: where the data is, and the application it runs in."""

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from homeport.core.config import Config, load

if TYPE_CHECKING:  # the supervisor is a command too, and stays in memory without it
    from flask import Flask

P = ParamSpec("P")
R = TypeVar("R")


def with_config(command: Callable[Concatenate[Config, P], R]) -> Callable[..., R]:
    """Give a command `--data` and hand it the loaded Config first; a wrong setting raises ConfigError."""

    @click.option("--data", metavar="DIR", help="Where the blog is kept (default: ./homeport-data, or HOMEPORT_DATA).")
    @wraps(command)
    def run(data: str | None, *args: P.args, **kwargs: P.kwargs) -> R:
        return command(load({"data": data}, os.environ), *args, **kwargs)

    return run


def make_app(config: Config) -> "Flask":
    """The application, for a command to work in.

    Features lie below the application and must not import it; `homeport.cli` hands its recipe to every command.
    """
    create_app: Callable[[Config], Flask] = click.get_current_context().find_root().obj
    return create_app(config)
