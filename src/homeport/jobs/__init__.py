"""Background work: jobs and schedules on a durable engine, the outbox of mails, and the page that shows them."""

from flask import Flask

from homeport.jobs import jobs, routes

__all__ = ["jobs", "register"]


def register(app: Flask) -> None:
    """Add the jobs page, and the jobs of the outbox."""
    app.register_blueprint(routes.bp)
