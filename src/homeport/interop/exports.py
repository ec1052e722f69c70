"""Files with everything about one person: asked for, made by a job, there for a day, downloaded by that person alone.

The token that a download needs is not stored: it is the mark of the file's name under the blog's key (`core.vault`),
and the row holds its digest.
"""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy import and_, delete, select, update

from homeport.accounts.models import PostsFate, User
from homeport.accounts.service import record
from homeport.core import vault
from homeport.core.config import Config
from homeport.core.db import after_commit, db
from homeport.core.errors import not_found
from homeport.core.events import account_deleted
from homeport.core.http import Viewer
from homeport.core.ids import digest
from homeport.interop import queries
from homeport.interop.models import PersonalExport

LIFETIME = timedelta(days=1)
KEEP_FAILURES = timedelta(days=7)
ORPHAN_AGE = timedelta(hours=1)
TOO_LONG = "It was not finished within a day."


def ask(user_id: int, *, by: Viewer, folder: Path, now: datetime) -> PersonalExport:
    """Have a file made; the one before goes. While one is being made, that is the one."""
    before = queries.export_of(user_id)
    if before is not None and before.ready_at is None and before.failure is None:
        return before
    drop_of(user_id, folder)
    asked = PersonalExport(user_id=user_id, created_at=now, done=0, total=0)
    db.session.add(asked)
    record("export_asked", by=by, now=now, subject=user_id)
    return asked


def finish(export_id: int, file: str, size: int, config: Config, now: datetime) -> bool:
    """Offer a file that is whole and on the disk; False where nobody waits for it any more."""
    ready = {"ready_at": now, "expires_at": now + LIFETIME, "file": file, "size": size}
    ready["digest"] = digest(vault.marks(config, _marked(file))[0])
    return _settle(export_id, ready)


def fail(export_id: int, sentence: str) -> None:
    """Note why there is no file."""
    _settle(export_id, {"failure": sentence[:300]})


def note_progress(export_id: int, done: int, total: int) -> None:
    """Note how much is in the file so far."""
    _settle(export_id, {"done": done, "total": total})


def _settle(export_id: int, values: dict[str, object]) -> bool:
    waiting = update(PersonalExport).where(PersonalExport.id == export_id, queries.WAITS).values(values)
    return db.session.scalar(waiting.returning(PersonalExport.id)) is not None


def token_of(export: PersonalExport, config: Config) -> str:
    """What its owner's page sends along to download a file; empty where the key is gone that it was made with."""
    marks = vault.marks(config, _marked(export.file or ""))
    return next((mark for mark in marks if digest(mark) == export.digest), "")


def _marked(file: str) -> str:
    return f"personal export {file}"


def to_download(user_id: int | None, token: str, *, by: Viewer, folder: Path, now: datetime) -> Path:
    """The file of a token, noted as downloaded. Raises Problem 404 for anybody else's, an old one, or none."""
    theirs = (PersonalExport.user_id == user_id, PersonalExport.digest == digest(token))
    found = db.session.scalar(select(PersonalExport).where(*theirs, PersonalExport.expires_at > now))
    if found is None or found.file is None or not (folder / found.file).is_file():
        raise not_found()
    record("export_downloaded", by=by, now=now, subject=user_id)
    return folder / found.file


def drop_of(user_id: int, folder: Path) -> None:
    """Remove somebody's files: their rows with this transaction, the files once it has committed."""
    for name in sorted(queries.export_files(user_id)):
        after_commit(partial(_unlink, folder / name))
    db.session.execute(delete(PersonalExport).where(PersonalExport.user_id == user_id))


def _unlink(file: Path) -> None:
    file.unlink(missing_ok=True)


def clean(folder: Path, now: datetime) -> None:
    """Remove what is too old, give up on what is not finished after a day, and remove files that no row names."""
    forsaken = and_(queries.WAITS, PersonalExport.created_at <= now - LIFETIME)
    db.session.execute(update(PersonalExport).where(forsaken).values(failure=TOO_LONG))
    old_failure = PersonalExport.failure.is_not(None) & (PersonalExport.created_at <= now - KEEP_FAILURES)
    gone = delete(PersonalExport).where((PersonalExport.expires_at <= now) | old_failure)
    for name in db.session.scalars(gone.returning(PersonalExport.file)).all():
        if name:
            after_commit(partial(_unlink, folder / name))
    after_commit(partial(_sweep, folder, queries.export_files(), (now - ORPHAN_AGE).timestamp()))


def _sweep(folder: Path, known: set[str], before: float) -> None:
    # A file that is being made has changed a moment ago; one that a killed worker left has not.
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in known and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


@account_deleted.connect
def forget(_sender: object, *, user: User, posts: PostsFate, heir_id: int | None, now: datetime) -> None:  # noqa: ARG001 (the signal's own)
    """Remove the files of somebody whose account is deleted."""
    drop_of(user.id, current_app.config["HOMEPORT"].exports)
