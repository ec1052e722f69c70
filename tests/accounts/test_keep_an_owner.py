"""The blog always keeps an owner who can log in, by whatever way in."""

from typing import Any

import pytest
from flask import Flask

from homeport.accounts import queries
from homeport.accounts.models import Passkey, User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import Role
from tests.cast import Cast


def give_eve_a_passkey(app: Flask, everybody: Cast, rp_id: str) -> None:
    """Make eve an owner who has no password, and a passkey made under the host name `rp_id`."""
    with app.app_context():
        eve = db.session.get_one(User, everybody.eve.id)
        eve.role, eve.password_hash = Role.OWNER, None
        facts: dict[str, Any] = {"transports": [], "backed_up": False, "name": "Key", "created_at": clock.now()}
        db.session.add(Passkey(user_id=eve.id, credential_id="x", public_key=b"x", sign_count=0, rp_id=rp_id, **facts))
        commit()


@pytest.mark.parametrize(("rp_id", "status"), [("localhost", 303), ("old.example", 409)])
def test_an_owner_with_a_passkey_that_works_here_is_enough(
    app: Flask, everybody: Cast, browser: Any, rp_id: str, status: int
) -> None:
    give_eve_a_passkey(app, everybody, rp_id)
    olga = browser(everybody.olga)
    assert olga.submit(f"/admin/people/{everybody.olga.id}/role", {"role": "author"}).status_code == status
    with app.app_context():
        assert len(queries.able_owners()) == 1
        db.session.rollback()
