"""Keeping pictures: no row without its file, no file for long without its row."""

import hashlib
import os
import tempfile
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import delete

from homeport.accounts.queries import portraits
from homeport.core.db import after_commit, db, end_transaction
from homeport.core.errors import Problem
from homeport.media import images, queries
from homeport.media.models import Media

MAX_BYTES = images.MAX_BYTES
ORPHAN_AGE = timedelta(days=1)


def name_of(picture: images.Picture) -> str:
    """The name a picture is kept under: the SHA-256 of its bytes and the extension of its real type."""
    return f"{hashlib.sha256(picture.data).hexdigest()}.{picture.extension}"


def check(data: bytes) -> str:
    """The name a picture would be kept under, keeping nothing. Raises Problem for what is no picture."""
    return name_of(images.read(data))


def store(data: bytes, *, original_name: str, owner_id: int | None, folder: Path, now: datetime) -> Media:
    """Clean a picture and keep it under the hash of what it has become; the same picture is kept once.

    The file is on the disk before the row is written: a crash in between leaves a file that `sweep` removes later,
    never a row that shows nothing. Raises Problem for what is no picture, and 507 when the disk is full.
    """
    return keep(images.read(data), original_name=original_name, owner_id=owner_id, folder=folder, now=now)


def keep(picture: images.Picture, *, original_name: str, owner_id: int | None, folder: Path, now: datetime) -> Media:
    """Keep a picture that is clean already, as `store` does. Raises Problem 507 when the disk is full."""
    name = name_of(picture)
    known = queries.by_name(name)
    if known is not None and (folder / name).exists():
        return known
    _write(folder, name, picture.data)
    if known is not None:
        return known
    media = Media(
        name=name,
        content_type=picture.content_type,
        size=len(picture.data),
        width=picture.width,
        height=picture.height,
        original_name=original_name[-255:],
        owner_id=owner_id,
        created_at=now,
    )
    db.session.add(media)
    db.session.flush()
    return media


def _write(folder: Path, name: str, data: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(folder / name)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Problem(
            f"The picture could not be stored: {error.strerror}.",
            status=507,
            code="storage_failed",
            hint="Free some space on the disk, then try again; nothing was lost.",
        ) from None


def drop(names: Collection[str], folder: Path) -> None:
    """Remove pictures: their rows with this transaction, their files once it has committed."""
    for name in sorted(names):
        db.session.execute(delete(Media).where(Media.name == name))
        after_commit(partial(_unlink, folder / name))


def _unlink(file: Path) -> None:
    # The row may be back by now: whoever stores the same picture anew shall find its file.
    if queries.by_name(file.name) is None:
        file.unlink(missing_ok=True)
    end_transaction()


def drop_unused(owner_id: int, shown: Collection[str], folder: Path) -> None:
    """Remove somebody's pictures but for those `shown` in a text; those stay, and are nobody's."""
    drop(queries.names_of(owner_id) - set(shown) - portraits(), folder)


def sweep(folder: Path, now: datetime) -> int:
    """Remove files that no row names and that are over a day old, so that none is younger than its transaction.

    Returns how many were removed.
    """
    if not folder.is_dir():
        return 0
    known = queries.known_names()
    before = (now - ORPHAN_AGE).timestamp()
    orphans = [path for path in folder.iterdir() if path.name not in known and path.stat().st_mtime < before]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)
