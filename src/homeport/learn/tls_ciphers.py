"""The ciphers of TLS 1.3, as `cryptography` has them (RFC 8446, B.4).

A module of its own, so that it can be loaded when the first record is opened: to name a part of that library's package
is already to load the library.
"""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

__all__ = ["AESGCM", "ChaCha20Poly1305"]
