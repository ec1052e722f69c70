"""Random tokens, and the digests under which they are stored."""

import hashlib
import secrets


def token() -> str:
    """32 random bytes (256 bits) as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def handle() -> str:
    """A short opaque name (12 random bytes, 16 characters) for something that may be shown."""
    return secrets.token_urlsafe(12)


def digest(value: str) -> str:
    """SHA-256 of a token as 64 hexadecimal digits.

    A plain hash is enough here, unlike for passwords: the input has 256 random bits, so nobody can guess it.
    """
    return hashlib.sha256(value.encode()).hexdigest()
