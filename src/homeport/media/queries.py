"""Questions about pictures."""

from sqlalchemy import select

from homeport.core.db import db
from homeport.media.models import Media


def by_name(name: str) -> Media | None:
    """The picture served at `/media/<name>`, or None."""
    return db.session.get(Media, name)


def known_names() -> set[str]:
    """The names of every stored picture."""
    return set(db.session.scalars(select(Media.name)))


def names_of(owner_id: int) -> set[str]:
    """The names of the pictures that somebody has added."""
    return set(db.session.scalars(select(Media.name).where(Media.owner_id == owner_id)))
