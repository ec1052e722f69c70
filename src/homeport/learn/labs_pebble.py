"""The certificate authority of the small internet: pebble, Let's Encrypt's own test server (RFC 8555)."""

import json
import subprocess
from pathlib import Path

from homeport.learn import labs_certificates
from homeport.learn.labs_network import PATIENCE, Host, wait_until
from homeport.learn.labs_scene import stuck

NAME = "ca.example.net"


class Authority:
    """pebble on one host, at https://ca.example.net:14000/dir; `root_file` is what its own HTTPS is trusted by."""

    directory = f"https://{NAME}:14000/dir"

    def __init__(self, host: Host, folder: Path, address: str, certificates_last: int) -> None:
        self.host, self.folder, self.address = host, folder, address
        self.root_file = folder / "root.pem"
        self.pair = folder
        """The file with its own HTTPS's key and certificate, once it has started."""
        self.refuses: list[str] = []
        """Names it signs nothing for."""
        self._lasting = certificates_last
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Sign certificates, by a new root each time: pebble keeps nothing."""
        self.folder.mkdir(exist_ok=True)
        if not self.root_file.exists():
            root = labs_certificates.authority("Root of a small internet")
            self.pair = labs_certificates.issue(root, NAME, self.folder)
            self.root_file.write_text(root.pem)
        config = self.folder / "pebble.json"
        config.write_text(json.dumps({"pebble": self._settings()}))
        environ = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        command = ["pebble", "-config", str(config), "-dnsserver", f"{self.address}:53"]
        self._process = self.host.start(*command, environ=environ, log=self.folder / "log")
        if not wait_until(lambda: self.fetch("14000/dir")):
            raise stuck(f"the certificate authority did not start: {self.said()[-500:]}")

    def said(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text()

    def _settings(self) -> dict[str, object]:
        return {
            "listenAddress": f"{self.address}:14000",
            "managementListenAddress": f"{self.address}:15000",
            "certificate": str(self.pair),
            "privateKey": str(self.pair),
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
