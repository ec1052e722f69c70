"""Writing: posts, their versions, tags and addresses."""

from flask import Flask

from homeport.posts import api_routes, departures, editor_routes, jobs, preview_routes
from homeport.posts.routes import bp

__all__ = ["departures", "editor_routes", "jobs", "register"]  # the first three register themselves when imported


def register(app: Flask) -> None:
    """Add the desk, the editor, previews and the API; jobs and views register themselves when they are imported."""
    app.register_blueprint(bp)
    app.register_blueprint(preview_routes.public_bp)
    app.register_blueprint(api_routes.bp)
