"""A program with a token, and the token."""

import json
from typing import Any

from flask import Flask

from homeport.accounts import api_tokens
from homeport.accounts.models import User
from homeport.core import clock
from homeport.core.db import commit, db
from homeport.core.http import SYSTEM
from tests.cast import Person


class Script:
    """A program with a token."""

    def __init__(self, app: Flask, token: str) -> None:
        self._client = app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, message: Any = None, **options: Any) -> Any:
        """Send a message as JSON, or `data` as it is."""
        headers = self.headers | options.pop("headers", {})
        if message is not None:
            options |= {"data": json.dumps(message), "content_type": "application/json"}
        return self._client.open(path, method=method, headers=headers, **options)


def token_of(app: Flask, person: Person, *scopes: str) -> str:
    """A new token."""
    with app.app_context():
        user = db.session.get_one(User, person.id)
        value = api_tokens.make(user, name="Script", scopes=scopes, days=7, by=SYSTEM, now=clock.now())
        commit()
        return value
