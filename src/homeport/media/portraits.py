"""Pictures of people, square and small, to stand beside their names."""

import io
from datetime import datetime
from pathlib import Path

from flask import current_app
from PIL import Image, ImageOps
from sqlalchemy import update

from homeport.accounts import queries as accounts
from homeport.accounts import service as people
from homeport.accounts.models import PostsFate, User
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.events import account_deleted
from homeport.media import images, service
from homeport.media.models import Media

SIDE = 256
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_BYTES = 15 * 1024 * 1024
"""A little less than a whole request may bring along (`core.waiting.MOST_BYTES`), so that the form can say so."""

MOST_PIXELS = 24_000_000
"""Of pictures that can only be opened whole; a photograph in JPEG is opened at an eighth of its size."""


def change(user: User, data: bytes, *, folder: Path, now: datetime) -> None:
    """Show somebody's picture from now on; the one before goes. Raises Problem for what is no picture."""
    if not data:
        raise Problem("Choose a picture first.", status=422, code="no_picture")
    if len(data) > MOST_BYTES:
        raise images.refused(f"The picture is larger than {MOST_BYTES // 2**20} MB.", "picture_too_large")
    user_id = user.id
    end_transaction()  # opening a photograph takes a while
    made = make(data)
    user = db.session.get_one(User, user_id)
    kept = service.keep(made, original_name="", owner_id=user_id, folder=folder, now=now)
    if kept.name != user.picture:
        remove(user, folder=folder)
        people.change_picture(user, kept.name)


def remove(user: User, *, folder: Path) -> None:
    """Take somebody's picture away, and from the disk unless somebody else shows the same."""
    name = user.picture
    people.change_picture(user, None)
    db.session.flush()
    row = db.session.get(Media, name) if name else None
    if row is not None and not row.original_name and row.name not in accounts.portraits():
        service.drop([row.name], folder)


def make(data: bytes) -> images.Picture:
    """A picture cut to a square of at most SIDE pixels, made anew. Raises Problem for what is none, or too large."""
    with images.opened(data, FORMATS) as image:
        if not image.info.get("progressive"):
            image.draft("RGB", (2 * SIDE, 2 * SIDE))  # no more of a JPEG is then decoded; others stay as they are
        if image.width * image.height > MOST_PIXELS:
            raise images.refused("The picture has too many pixels to be opened safely.", "picture_too_large")
        side = min(SIDE, *image.size)
        upright = ImageOps.exif_transpose(image)
        square = ImageOps.fit(_plain(upright), (side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        profile = image.info.get("icc_profile") if image.mode in {"RGB", "RGBA", "P"} else None
        square.save(out, "WEBP", quality=85, method=4, exif=b"", xmp=b"", icc_profile=profile or b"")
    return images.Picture(out.getvalue(), "image/webp", "webp", side, side)


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


@account_deleted.connect
def forget(_sender: object, *, user: User, posts: PostsFate, heir_id: int | None, now: datetime) -> None:  # noqa: ARG001 (the signal's own)
    """Remove the picture of somebody whose account is deleted, and the names that their pictures' files had."""
    remove(user, folder=current_app.config["HOMEPORT"].media)
    db.session.execute(update(Media).where(Media.owner_id == user.id).values(original_name=""))
