"""What tests of taking along and of leaving share: somebody at her browser, and what the worker does for her."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from homeport.accounts.departure_jobs import delete_departed_accounts
from homeport.accounts.models import AuditEvent, Departure
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.interop.jobs import make_exports
from homeport.interop.models import PersonalExport
from homeport.jobs.models import Mail
from tests.cast import Cast, Person
from tests.conftest import Browser
from tests.factories import make_post


@dataclass
class Exporting:
    """A blog, and alice at her browser."""

    app: Flask
    everybody: Cast
    alice: Browser

    def make(self) -> None:
        """What the worker does."""
        with self.app.app_context():
            make_exports()
            commit()

    def page(self) -> str:
        return self.alice.get("/account/export").text

    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.page())
        assert found, "there is nothing to download"
        return found[1]

    def download(self, **options: Any) -> TestResponse:
        return self.alice.submit("/account/export/file", {"token": self.token()}, **options)

    def everything(self) -> zipfile.ZipFile:
        """The whole way to the opened file."""
        assert self.alice.submit("/account/export").location == "/account/export"
        self.make()
        answer = self.download()
        assert answer.status_code == 200
        content = io.BytesIO(answer.data)
        answer.close()
        return zipfile.ZipFile(content)

    def row(self) -> PersonalExport:
        with self.app.app_context():
            return db.session.scalars(select(PersonalExport)).one()

    def files(self) -> list[Path]:
        folder: Path = self.app.config["HOMEPORT"].exports
        return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def exporting(app: Flask, everybody: Cast, browser: Callable[..., Browser]) -> Exporting:
    return Exporting(app, everybody, browser(everybody.alice))


@dataclass
class Leaving:
    """A blog, and alice who is about to leave it."""

    app: Flask
    everybody: Cast
    alice: Browser

    def ask(self, fate: str = "delete", heir: Person | None = None) -> Any:
        return self.alice.submit("/account/delete", {"posts": fate, "heir": str(heir.id) if heir else ""})

    def a_week_passes(self) -> None:
        """The time comes, and the job does what is due."""
        with self.app.app_context():
            db.session.execute(update(Departure).values(due_at=clock.now()))
            commit()
            delete_departed_accounts()
            commit()

    def count(self, table: Any) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(table)) or 0

    def mails(self) -> list[tuple[str, str]]:
        with self.app.app_context():
            return [(mail.to, mail.subject) for mail in db.session.scalars(select(Mail).order_by(Mail.id))]

    def actions(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


@pytest.fixture
def leaving(app: Flask, everybody: Cast, browser: Callable[..., Browser]) -> Leaving:
    with app.app_context():
        make_post(everybody.alice, "Harbour lights", tags=["ships"], body="Lit at six")
        make_post(everybody.bob, "Winds", tags=["air"])
    return Leaving(app, everybody, browser(everybody.alice))
