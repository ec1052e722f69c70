"""The people every test knows: olga owns the blog, alice and bob write, eve edits, charlie reads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from homeport.accounts.models import AuthSession, Totp, User
from homeport.core import clock, ids, vault
from homeport.core.db import commit, db
from homeport.core.http import Role, Viewer

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""What olga's and eve's authenticator apps hold: their roles need one."""


@dataclass(frozen=True)
class Person:
    """A member of the cast: enough to act as them without a database session."""

    id: int
    name: str
    email: str
    role: Role

    @property
    def viewer(self) -> Viewer:
        """How services know them."""
        return Viewer(self.id, self.role, self.name, "UTC")


@dataclass(frozen=True)
class Cast:
    """Everybody, by name."""

    olga: Person
    eve: Person
    alice: Person
    bob: Person
    charlie: Person


ROLES = {"olga": Role.OWNER, "eve": Role.EDITOR, "alice": Role.AUTHOR, "bob": Role.AUTHOR, "charlie": Role.READER}


def make_cast(password_hash: str) -> Cast:
    """Store everybody in the current application's database; all have PASSWORD."""
    people = {}
    for name, role in ROLES.items():
        user = User(
            email=f"{name}@example.com",
            handle=name,
            display_name=name.title(),
            role=role,
            password_hash=password_hash,
            created_at=clock.now(),
        )
        db.session.add(user)
        db.session.flush()
        if user.role >= Role.EDITOR:
            sealed = vault.seal(current_app.config["HOMEPORT"], SECRET)
            moment = clock.now()
            db.session.add(Totp(user_id=user.id, sealed_secret=sealed, created_at=moment, confirmed_at=moment))
        people[name] = Person(user.id, user.display_name, user.email, role)
    commit()
    return Cast(**people)


def open_session(user_id: int, now: datetime | None = None) -> str:
    """Store a session for somebody and return the cookie's value."""
    token, now = ids.token(), now or clock.now()
    db.session.add(
        AuthSession(
            digest=ids.digest(token),
            handle=ids.handle(),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            authenticated_at=now,
            means="password",
            address="127.0.0.1",
            browser="test",
            expires_at=now + timedelta(days=30),
        )
    )
    commit()
    return token
