"""Certificates made for one run of a lab: an authority, and what it signs. Anybody can make both: that is the point."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from homeport.core.clock import now


@dataclass(frozen=True)
class Authority:
    """Somebody who signs certificates. Browsers believe those they were told to, and nobody else."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The root, as whoever believes this authority has it."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def authority(name: str) -> Authority:
    """A new one."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    basics = x509.BasicConstraints(ca=True, path_length=0)
    begun = _begun(name, key.public_key()).issuer_name(_name(name))
    signed = begun.add_extension(basics, critical=True).add_extension(usage, critical=True)
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return Authority(key, signed.add_extension(known, critical=False).sign(key, SHA256()))


def issue(by: Authority, host: str, folder: Path) -> Path:
    """A file (PEM) with a key and a certificate for `host`, signed by an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    begun = _begun(host, key.public_key()).issuer_name(by.certificate.subject).add_extension(names, critical=False)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    signed = begun.add_extension(signer, critical=False).sign(by.key, SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / f"{signed.serial_number:x}.pem"
    file.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return file


def _begun(name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    moment = now()
    begun = x509.CertificateBuilder().subject_name(_name(name)).public_key(key)
    begun = begun.serial_number(x509.random_serial_number())
    return begun.not_valid_before(moment - timedelta(hours=1)).not_valid_after(moment + timedelta(days=1))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
