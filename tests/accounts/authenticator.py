"""An authenticator and its browser in software, which do as they are told: wrongly, too.

It keeps P-256 keys and answers as WebAuthn says (https://www.w3.org/TR/webauthn-3/): authenticator data (6.1),
attested credential data (6.5.1), client data (5.8.1), and no attestation (8.7).
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost:8000"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes again."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """A credential: its id, the private key, whose it is and how often it was used."""

    id: bytes
    private: ec.EllipticCurvePrivateKey
    user_handle: str
    count: int = 0

    def cose(self) -> bytes:
        """The public key (RFC 9053, 7.1.1)."""
        numbers = self.private.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


@dataclass
class Authenticator:
    """One device. Each attribute is what it says of itself; set one to have it misbehave.

    `counts`: it counts its uses; those that are synced do not. `backed_up`: it is synced.
    """

    origin: str = ORIGIN
    rp_id: str = "localhost"
    verifies: bool = True
    present: bool = True
    counts: bool = False
    backed_up: bool = True
    kind: str = ""
    keys: list[Key] = field(default_factory=list)

    def create(self, options: dict[str, Any], **changes: Any) -> str:
        """Make a passkey; returns what the browser sends."""
        key = Key(secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()), options["user"]["id"])
        self.keys.append(key)
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + key.cose()
        data = self._data(key, AT) + attested
        response = {
            "clientDataJSON": self._client("webauthn.create", options),
            "attestationObject": encode(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(key, response | changes)

    def get(self, options: dict[str, Any], key: Key | None = None, **changes: Any) -> str:
        """Use a passkey, the newest if not told which; returns what the browser sends."""
        key = key or self.keys[-1]
        client, data = self._client("webauthn.get", options), self._data(key, 0)
        signed = key.private.sign(data + hashlib.sha256(decode(client)).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": client,
            "authenticatorData": encode(data),
            "signature": encode(signed),
            "userHandle": key.user_handle,
        }
        return self._credential(key, response | changes)

    def _data(self, key: Key, flags: int) -> bytes:
        key.count += self.counts
        flags |= UP * self.present | UV * self.verifies | (BE | BS) * self.backed_up
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + key.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> str:
        client = {"type": self.kind or kind, "challenge": options["challenge"], "origin": self.origin}
        return encode(json.dumps(client | {"crossOrigin": False}).encode())

    def _credential(self, key: Key, response: dict[str, Any]) -> str:
        facts = {"id": encode(key.id), "rawId": encode(key.id), "type": "public-key", "response": response}
        return json.dumps(facts | {"authenticatorAttachment": "platform", "clientExtensionResults": {}})
