"""Bringing a blog along and taking one's own things along: import, everything about oneself, leaving."""

from flask import Flask

from homeport.interop import jobs, leaving_routes
from homeport.interop.routes import bp

__all__ = ["jobs", "leaving_routes", "register"]


def register(app: Flask) -> None:
    """Add the pages; jobs and views register themselves when they are imported."""
    app.register_blueprint(bp)
