"""What tests of accounts share."""

import pytest

from homeport.accounts import passwords
from tests.accounts.authenticator import Authenticator


class CountingHasher(passwords.Hasher):
    """The real thing at the lowest cost that is allowed, counting what it is asked."""

    def __init__(self) -> None:
        super().__init__(passwords.FLOOR)
        self.hashed = 0
        self.compared = 0

    def hash(self, password: str) -> str:
        """As the original."""
        self.hashed += 1
        return super().hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """As the original."""
        self.compared += 1
        return super().matches(stored, password)


@pytest.fixture(autouse=True)
def hasher(monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    """The hasher that the blog uses during a test."""
    counting = CountingHasher()
    monkeypatch.setattr(passwords, "hasher", counting)
    return counting


@pytest.fixture
def device() -> Authenticator:
    """Somebody's telephone, which makes and uses passkeys."""
    return Authenticator()
