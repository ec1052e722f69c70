"""Certificates that tests make by themselves, good and bad ones, and who believes them."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def make_certificate(
    folder: Path, names: list[str], *, begins: timedelta = timedelta(days=-1), lasts: timedelta = timedelta(days=300)
) -> None:
    """Write `root.pem`, and `certificate.pem` and `key.pem` for these names and addresses, signed by it."""
    now = datetime.now(UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of a small internet")])

    def build(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(now + begins).not_valid_after(now + begins + lasts)

    root = build(issuer, root_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    signed = root.sign(root_key, hashes.SHA256())
    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    leaf = build(subject, key.public_key()).add_extension(alternatives, False).sign(root_key, hashes.SHA256())
    (folder / "root.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "certificate.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def trusting(*roots: Path) -> ssl.SSLContext:
    """What a reader's browser has: it trusts these roots and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for root in roots:
        context.load_verify_locations(root)
    return context
