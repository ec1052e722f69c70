"""The links at the top of every page.

The table names addresses and not endpoints because `ui` is below every feature: a link is shown when the app serves its
address, so a feature that is left out takes its link with it.
"""

from dataclasses import dataclass

from flask import Flask, current_app

from homeport.core.http import Role


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its words, its address, and the least role that sees it."""

    label: str
    path: str
    least: Role = Role.READER


SITE = (
    Link("Archive", "/archive"),
    Link("About", "/about"),
    Link("Search", "/search"),
)

DESK = (
    Link("Write", "/write", Role.AUTHOR),
    Link("Comments", "/admin/comments", Role.EDITOR),
    Link("People", "/admin/people", Role.OWNER),
    Link("Jobs", "/admin/jobs", Role.OWNER),
    Link("Settings", "/admin/settings", Role.OWNER),
    Link("Account", "/account"),
)

PLACE = (
    Link("Settings", "/admin/settings", Role.OWNER),
    Link("Safety", "/admin/security", Role.OWNER),
    Link("HTTPS", "/admin/https", Role.OWNER),
    Link("Audit log", "/admin/audit", Role.OWNER),
)
"""Beside each other on the pages for running the place, so that the bar stays short enough for a telephone."""


def site_links() -> list[Link]:
    """The public links; the same for everybody, so that they may stand on a cached page."""
    return [link for link in SITE if link.path in _served()]


def desk_links(role: Role) -> list[Link]:
    """The links of a signed-in person with `role`."""
    return [link for link in DESK if link.path in _served() and role >= link.least]


def place_links(role: Role) -> list[Link]:
    """The links between the pages for running the place."""
    return [link for link in PLACE if link.path in _served() and role >= link.least]


def is_served(path: str) -> bool:
    """Whether the app has a page at exactly `path`."""
    return path in _served()


def _served() -> frozenset[str]:
    known: frozenset[str] | None = current_app.extensions.get("homeport.addresses")
    if known is None:
        known = frozenset(rule.rule.rstrip("/") or "/" for rule in current_app.url_map.iter_rules())
        current_app.extensions["homeport.addresses"] = known
    return known


def register(app: Flask) -> None:
    """Make the links known to the templates."""
    app.add_template_global(site_links)
    app.add_template_global(desk_links)
    app.add_template_global(place_links)
    app.add_template_global(is_served)
