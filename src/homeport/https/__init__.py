"""The HTTPS edge: Caddy in front of the blog, certificates however they can be had, and the doctor."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the supervisor imports this package, and stays in memory without Flask
    from flask import Flask


def register(_app: "Flask") -> None:
    """Add the job that gets certificates by records in the domain: loading it is enough."""
    importlib.import_module("homeport.https.jobs")
