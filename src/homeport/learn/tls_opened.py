"""Opening the encrypted records of a connection of one's own, with the secrets that this end has (RFC 8446, 5.2, 7.3).

Who only listens has no such secrets: they come from the key exchange, of which each end keeps one half to itself. The
ciphers are those of the library `cryptography`; here stands only which bytes are handed to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from homeport.core.lazily import Lazy
from homeport.learn.tls_reader import APPLICATION_DATA, FINISHED, HANDSHAKE, Record, messages

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf import hkdf

    from homeport.learn import tls_ciphers
else:
    hashes = Lazy("cryptography.hazmat.primitives.hashes")
    tls_ciphers = Lazy("homeport.learn.tls_ciphers")
    hkdf = Lazy("cryptography.hazmat.primitives.kdf.hkdf")

# Cipher suite: what makes keys, the cipher, and the length of its key in bytes (RFC 8446, B.4).
_SUITES = {
    0x1301: ("SHA256", "AESGCM", 16),
    0x1302: ("SHA384", "AESGCM", 32),
    0x1303: ("SHA256", "ChaCha20Poly1305", 32),
}
_NONCE = 12

Secrets = Mapping[str, bytes]
"""What a key log file says of one connection: label to secret (RFC 9850)."""


def secrets_in(key_log: str) -> Secrets:
    """The secrets in the text of a key log file."""
    lines = (line.split() for line in key_log.splitlines() if not line.startswith("#"))
    return {line[0]: bytes.fromhex(line[2]) for line in lines if len(line) == 3}


@dataclass(frozen=True)
class Opened:
    """What was inside an encrypted record: the kind that its header hides, and the bytes."""

    kind: int
    content: bytes


@dataclass
class Opener:
    """Opens the records of one side in their order. `side` is CLIENT or SERVER, as key logs have it."""

    suite: int
    secrets: Secrets
    side: str
    _phase: str = field(default="HANDSHAKE_TRAFFIC_SECRET", init=False)
    _number: int = field(default=0, init=False)

    def open(self, record: Record) -> Opened | None:
        """What is inside; None for a record that is not encrypted, or that these secrets do not open."""
        secret = self.secrets.get(f"{self.side}_{self._phase}")
        if record.kind != APPLICATION_DATA or secret is None or self.suite not in _SUITES:
            return None
        inner = self._decrypted(record, secret)
        if inner is None:
            return None
        self._number += 1
        opened = Opened(inner[-1], inner[:-1])
        if opened.kind == HANDSHAKE and any(found.kind == FINISHED for found in messages([opened.content])[0]):
            self._phase, self._number = "TRAFFIC_SECRET_0", 0  # from here on other keys, counted from 0
        return opened

    def _decrypted(self, record: Record, secret: bytes) -> bytes | None:
        digest, cipher, length = _SUITES[self.suite]
        algorithm = getattr(hashes, digest)()
        key = expand_label(algorithm, secret, "key", length)
        nonce = expand_label(algorithm, secret, "iv", _NONCE)
        unique = bytes(a ^ b for a, b in zip(nonce, self._number.to_bytes(_NONCE), strict=True))
        try:
            return (
                bytes(getattr(tls_ciphers, cipher)(key).decrypt(unique, record.body, record.header)).rstrip(b"\0")
                or None
            )
        except Exception:  # InvalidTag, or whatever else the library says of bytes that are not what they should be
            return None


def expand_label(algorithm: "hashes.HashAlgorithm", secret: bytes, label: str, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446, 7.1)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2) + bytes([len(name)]) + name + b"\0"
    return bytes(hkdf.HKDFExpand(algorithm, length, info).derive(secret))
