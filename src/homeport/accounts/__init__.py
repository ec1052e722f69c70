"""People: registration, login, sessions, roles."""

from flask import Flask

from homeport.accounts import (
    account_routes,
    address_routes,
    audit_routes,
    bearer,
    departure_jobs,
    entry_routes,
    forgotten_routes,
    invitation_routes,
    invitations,
    jobs,
    login_routes,
    passkey_login_routes,
    passkey_routes,
    people_routes,
    presence,
    queries,
    routes,
    security_routes,
    token_routes,
)
from homeport.accounts.browsers import name_of
from homeport.core.net import place_of
from homeport.ui.notices import offer

__all__ = [
    "account_routes",
    "address_routes",
    "audit_routes",
    "departure_jobs",
    "entry_routes",
    "forgotten_routes",
    "invitation_routes",
    "jobs",
    "login_routes",
    "passkey_login_routes",
    "passkey_routes",
    "people_routes",
    "register",
    "security_routes",
    "token_routes",
]


def register(app: Flask) -> None:
    """Add the account pages, and have every request know who asks."""
    presence.register(app)
    bearer.register(app)
    app.register_blueprint(routes.bp)
    app.add_template_filter(name_of, "browser_name")
    app.add_template_filter(place_of, "place")
    app.add_template_global(queries.departure_of)
    offer(app, account_routes.notice_of_departure)
    app.add_template_global(invitations.came_by)
    app.add_template_global(invitations.guests_of)
