"""The certificate authority of the small internet: pebble, Let's Encrypt's own test server (RFC 8555)."""

import json
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.https.lab import Host

NAME = "ca.example.net"


class Authority:
    """pebble on one host, at https://ca.example.net:14000/dir; `root_file` is what its own HTTPS is trusted by."""

    directory = f"https://{NAME}:14000/dir"

    def __init__(self, host: "Host", folder: Path, address: str, certificates_last: int) -> None:
        self.host, self.folder, self.address = host, folder, address
        self.root_file = folder / "root.pem"
        self.refuses: list[str] = []
        """Names it signs nothing for."""
        self._lasting = certificates_last
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Sign certificates, by a new root each time: pebble keeps nothing."""
        self.folder.mkdir(exist_ok=True)
        if not self.root_file.exists():
            make_certificate(self.folder, [NAME, self.address])
        config = self.folder / "pebble.json"
        config.write_text(json.dumps({"pebble": self._settings()}))
        environ = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        command = ["pebble", "-config", str(config), "-dnsserver", f"{self.address}:53"]
        self._process = self.host.start(*command, environ=environ, log=self.folder / "log")
        deadline = time.monotonic() + PATIENCE
        while not self.fetch("14000/dir"):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def _settings(self) -> dict[str, object]:
        return {
            "listenAddress": f"{self.address}:14000",
            "managementListenAddress": f"{self.address}:15000",
            "certificate": str(self.folder / "certificate.pem"),
            "privateKey": str(self.folder / "key.pem"),
            "httpPort": 80,
            "tlsPort": 443,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "domainBlocklist": self.refuses,
            "certificateValidityPeriod": self._lasting,
        }

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def refuse(self) -> None:
        """Let nobody connect, and keep what it knows: a stopped one would come back with another root."""
        chain = "type filter hook input priority 0; tcp dport 14000 reject with tcp reset;"
        self.host.run("nft", "-f", "-", text=f"table inet away {{ chain gate {{ {chain} }}; }}")

    def admit(self) -> None:
        """Let everybody connect again."""
        self.host.run("nft", "delete", "table", "inet", "away")

    def roots(self) -> Path:
        """The file with the root by which its certificates are trusted now."""
        path = self.folder / "signing.pem"
        path.write_text(self.fetch("15000/roots/0"))
        return path

    def fetch(self, what: str) -> str:
        """What it answers at a port and path; "" for nothing."""
        command = ["curl", "-s", "--max-time", "5", "--cacert", str(self.root_file)]
        return self.host.run(*command, f"https://{NAME}:{what}", check=False).stdout


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
