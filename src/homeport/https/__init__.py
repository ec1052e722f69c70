"""The HTTPS edge: Caddy in front of the blog, certificates however they can be had, and the doctor."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the supervisor imports this package, and stays in memory without Flask
    from flask import Flask


def register(app: "Flask") -> None:
    """Nothing yet: the edge answers readers, not the application."""
