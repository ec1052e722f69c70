"""Writing: posts, their versions, tags and addresses."""

from flask import Flask

from homeport.posts import departures, editor_routes, jobs
from homeport.posts.routes import bp

__all__ = ["departures", "editor_routes", "jobs", "register"]  # the first three register themselves when imported


def register(app: Flask) -> None:
    """Add the desk and the editor; jobs and views register themselves when they are imported."""
    app.register_blueprint(bp)
