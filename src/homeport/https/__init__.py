"""The HTTPS edge: Caddy in front of the blog, certificates however they can be had, and the doctor."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the supervisor imports this package, and stays in memory without Flask
    from flask import Flask


def register(app: "Flask") -> None:
    """Add the owner's page, with it the jobs, and what takes pages from the edge before they are old."""
    app.register_blueprint(importlib.import_module("homeport.https.routes").bp)
    importlib.import_module("homeport.https.guard").register(app)
