"""Making the files that people have asked for, and clearing away those whose time is over."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import IO
from zipfile import ZipFile

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from homeport.accounts import queries as accounts
from homeport.core import storage
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import db, end_transaction, reading
from homeport.core.ids import token
from homeport.core.site import site
from homeport.interop import exports, queries, takeout
from homeport.interop.models import PersonalExport
from homeport.interop.personal_data import Person
from homeport.jobs.service import due, every, job, progress, queue_mail
from homeport.ui.letters import Letter

log = logging.getLogger(__name__)
NEW = ".new-"

due("Copies of everything about somebody", queries.count_exports_to_make)


@every(seconds=20, due=queries.count_exports_to_make)
@job("make_exports")
def make_exports() -> None:
    """Make each file that was asked for. A job that was killed begins its file again: the row is still waiting."""
    end_transaction()
    with reading():
        waiting = queries.exports_to_make()
        end_transaction()
    for export_id in waiting:
        try:
            make_export(export_id, current_app.config["HOMEPORT"])
        except Exception:
            log.exception("an export could not be made", extra={"export": export_id})
            db.session.rollback()
            exports.fail(export_id, "Something went wrong on our side.")
        end_transaction()


def make_export(export_id: int, config: Config) -> None:
    """Make one file, or note in a sentence why there is none; nothing of it is left on the disk then."""
    try:
        with _new_file(config.exports) as (file, path):
            person, title = _whose(export_id)
            if person is None:
                return
            with ZipFile(file, "w") as archive:
                takeout.fill(
                    archive, person, title=title, media=config.media, now=now(), advance=_Advance(export_id).advance
                )
            _offer(export_id, person, file, path, config)
    except OSError as error:
        _give_up(export_id, f"The file could not be written: {error.strerror or error}.")
    except SQLAlchemyError as error:
        problem = storage.problem(error, writing=False)
        if problem is None:
            raise
        _give_up(export_id, problem.message)


def _give_up(export_id: int, sentence: str) -> None:
    db.session.rollback()
    exports.fail(export_id, sentence)


def _whose(export_id: int) -> tuple[Person | None, str]:
    with reading():
        found = db.session.get(PersonalExport, export_id)
        user = accounts.by_id(found.user_id) if found else None
        person, title = Person(user.id, user.email, user.display_name) if user else None, site().title
        end_transaction()
    return person, title


@contextmanager
def _new_file(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file that only the blog's user may read, under a name that is never offered; gone afterwards, if still so."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{NEW}{token()}"
    try:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _offer(export_id: int, person: Person, file: IO[bytes], path: Path, config: Config) -> None:
    """Put a whole file in its place, then say that it is there; where nobody waits for it any more it goes."""
    file.flush()
    os.fsync(file.fileno())
    size, name = path.stat().st_size, f"{token()}.zip"
    path.rename(config.exports / name)
    offered = False
    try:
        offered = exports.finish(export_id, name, size, config, now())
        if offered:
            _tell(person, config)
        end_transaction()
    except BaseException:
        offered = False
        raise
    finally:
        if not offered:
            with suppress(OSError):
                (config.exports / name).unlink()


def _tell(person: Person, config: Config) -> None:
    letter = Letter(
        subject=f"{site().title}: your copy of everything is ready",
        paragraphs=(
            "The copy of everything that the blog holds about you is ready. It waits for you for one day.",
            "To download it you have to be logged in.",
        ),
        link=("Download it", f"{config.origin}/account/export"),
        after=("If you did not ask for it, log in, end every other session, and set a new password.",),
    )
    moment = now()
    queue_mail(
        person.email,
        letter.subject,
        letter.text,
        html=letter.html,
        now=moment,
        expires_at=moment + exports.LIFETIME,
    )


class _Advance:
    """Tells the page, and the list of jobs, how far it is; once a second at most, since each time is a transaction."""

    def __init__(self, export_id: int) -> None:
        self._export_id, self._told = export_id, 0.0

    def advance(self, done: int, total: int) -> None:
        """Note that `done` of `total` are in the file."""
        if monotonic() - self._told < 1:
            return
        self._told = monotonic()
        exports.note_progress(self._export_id, done, total)
        end_transaction()
        progress(done, total, "posts and pictures")


@every(hours=1)
@job("clean_exports")
def clean_exports() -> None:
    """Remove files that have had their day, and what a crash has left."""
    config: Config = current_app.config["HOMEPORT"]
    exports.clean(config.exports, now())
