"""People: registration, login, sessions, roles."""

from flask import Flask

from homeport.accounts import account_routes, jobs, people_routes, presence, routes

__all__ = ["account_routes", "jobs", "people_routes", "register"]


def register(app: Flask) -> None:
    """Add the account pages, and have every request know who asks."""
    presence.register(app)
    app.register_blueprint(routes.bp)
