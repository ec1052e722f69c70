"""The settings of the site, which the owner changes on a page: rows in the database, one typed table."""

from dataclasses import dataclass, fields, replace
from typing import Any

from flask import current_app, g, has_app_context
from sqlalchemy import event, select
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from homeport.core.db import Base, PublicContent, db, site_version
from homeport.core.events import site_changed

REGISTRATION = ("open", "invitation", "closed")
"""Who may make an account: anybody, whoever was given a link, or nobody but whom the owner adds."""

SECOND_FACTOR = ("editors", "nobody")
"""Who must have a second factor or a passkey: owners and editors, or nobody."""

PRIMER = ("everybody", "members")
"""Who finds the pages at `/learn`: everybody, with a link at the foot of each page, or who is logged in."""

CLASS_ROOM = ("closed", "open")
"""Whether a class learns on this blog: who is logged in then sees of its inside what otherwise only owners see."""


class SiteSetting(PublicContent, Base):
    """One changed setting; what has no row has its default."""

    __tablename__ = "site_settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


@dataclass(frozen=True)
class Site:
    """The site's settings with their defaults. Field names are the rows' names."""

    title: str = "A blog at home"
    description: str = ""
    about: str = ""
    footer: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    registration: str = "closed"
    second_factor: str = "editors"
    posts_per_page: int = 10
    primer: str = "everybody"
    class_room: str = "closed"


def site() -> Site:
    """The present settings. Read once for each site version and process, since every page needs them many times."""
    known: Site | None = g.get("site")
    if known is None:
        known = g.site = _remembered()
    return known


def _remembered() -> Site:
    version = site_version()
    known: tuple[int, Site] | None = current_app.extensions.get("homeport.site")
    if known is None or known[0] != version:
        known = (version, _read())
        # Settings changed but not yet committed belong to this transaction alone.
        if not db.session.info.get("public_change"):
            current_app.extensions["homeport.site"] = known
    return known[1]


@event.listens_for(Session, "after_transaction_end")
def _forget(_session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None and has_app_context():
        g.pop("site", None)


def _read() -> Site:
    rows = {row.name: row.value for row in db.session.execute(select(SiteSetting.name, SiteSetting.value))}
    types: dict[str, type[Any]] = {row.name: type(row.default) for row in fields(Site)}
    return replace(Site(), **{name: types[name](value) for name, value in rows.items() if name in types})


def change(**values: str | int) -> None:
    """Store new values, by field name of `Site`. Raises TypeError for a name that is not in the table."""
    before = site()
    after = replace(before, **values)  # type: ignore[arg-type]  # the dataclass itself refuses unknown names
    g.pop("site", None)
    for name, value in values.items():
        db.session.merge(SiteSetting(name=name, value=str(value)))
    site_changed.send(before=before, after=after)
