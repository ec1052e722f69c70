"""The messages of a handshake that are encrypted on the way, piece by piece (RFC 8446, 4.3 and 4.4)."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from homeport.core.lazily import Lazy
from homeport.learn import tls_names as names
from homeport.learn.tls_hellos import extensions
from homeport.learn.tls_reader import Cursor, Message, Part, Unreadable

if TYPE_CHECKING:
    from cryptography import x509
else:
    x509 = Lazy("cryptography.x509")

MEANINGS = {
    "ClientHello": "“Good day, I would like to speak TLS with this site, and this is what I can do.”",
    "ServerHello": "“Then let us do it this way.” From here on both sides can compute the same keys, and nobody else.",
    "EncryptedExtensions": "The rest of the answers to the ClientHello. First message that nobody on the way can read.",
    "CertificateRequest": "The server would like to see a certificate of the client's.",
    "Certificate": "Who the server says that it is: a certificate, and those that vouch for it.",
    "CertificateVerify": "A signature over all that was said: whoever sends it has the certificate's private key.",
    "Finished": "A sum over everything said so far: had anybody changed one bit on the way, it would be another one.",
    "NewSessionTicket": "A token with which the same client starts quicker next time.",
}


def inside(message: Message) -> tuple[tuple[Part, ...], str]:
    """The pieces of a message in their order, and a sentence about what could not be read ("" for nothing)."""
    found: list[Part] = []
    try:
        for part in _READERS.get(message.kind, _whole)(Cursor(message.body)):
            found.append(part)
    except Unreadable as error:
        return tuple(found), str(error)
    return tuple(found), ""


def _whole(cursor: Cursor) -> Iterator[Part]:
    yield Part("body", cursor.take(cursor.left, "the message"))


def _encrypted_extensions(cursor: Cursor) -> Iterator[Part]:
    yield from extensions(cursor.vector(2, "the extensions"), from_client=False)


def _certificate(cursor: Cursor) -> Iterator[Part]:
    cursor.vector(1, "the request's context")
    listed = Cursor(cursor.vector(3, "the list of certificates"))
    first = True
    while listed.left:
        raw = listed.vector(3, "a certificate")
        listed.vector(2, "the extensions of a certificate")
        yield _describe(raw, first=first)
        first = False


def _describe(raw: bytes, *, first: bool) -> Part:
    name = "the site's certificate" if first else "one that vouches for the one before"
    try:
        found = x509.load_der_x509_certificate(raw)
        ends = f"{found.not_valid_before_utc:%Y-%m-%d %H:%M} to {found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        parts = (
            Part("subject", b"", found.subject.rfc4514_string() or "(empty)", "Whose it is."),
            Part("names", b"", _names(found), "The host names that it is good for.", "RFC 6125, 6.4"),
            Part("issuer", b"", found.issuer.rfc4514_string(), "Who signed it."),
            Part("valid", b"", ends, "Before and after, browsers refuse it."),
            Part("public key", b"", type(found.public_key()).__name__, "Checks what the private key signs."),
        )
    except ValueError as error:
        return Part(name, raw, f"not to be read: {error}")
    return Part(name, raw, "", "", "RFC 8446, 4.4.2, RFC 5280", parts)


def _names(found: "x509.Certificate") -> str:
    try:
        named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "none"
    return ", ".join(named.get_values_for_type(x509.DNSName)) or "none"


def _certificate_verify(cursor: Cursor) -> Iterator[Part]:
    raw = cursor.take(2, "the kind of signature")
    yield Part("algorithm", raw, names.name(names.SIGNATURES, int.from_bytes(raw)), "", "RFC 8446, 4.4.3")
    yield Part("signature", cursor.vector(2, "the signature"), "", "Checked with the certificate.", "RFC 8446, 4.4.3")


def _finished(cursor: Cursor) -> Iterator[Part]:
    yield Part("verify_data", cursor.take(cursor.left, "the sum"), "", "A keyed sum (HMAC).", "RFC 8446, 4.4.4")


def _ticket(cursor: Cursor) -> Iterator[Part]:
    lifetime = cursor.take(4, "the ticket's lifetime")
    yield Part(
        "ticket_lifetime", lifetime, f"{int.from_bytes(lifetime):,} seconds", "How long it lasts.", "RFC 8446, 4.6.1"
    )
    cursor.take(4, "the ticket's age")
    cursor.vector(1, "the ticket's nonce")
    yield Part("ticket", cursor.vector(2, "the ticket"), "", "Means something to the server alone.", "RFC 8446, 4.6.1")


_READERS: dict[int, Callable[[Cursor], Iterator[Part]]] = {
    4: _ticket,
    8: _encrypted_extensions,
    11: _certificate,
    15: _certificate_verify,
    20: _finished,
}
