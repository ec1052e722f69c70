"""The name server of the small internet: BIND, which anybody with its key may change (RFC 2136)."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from homeport.learn.labs_network import PATIENCE, Host, wait_until
from homeport.learn.labs_scene import stuck

KEY_NAME, KEY_SECRET = "homeport", "c2V2ZW4gZ3JleSBoZXJvbnMgZmlzaGluZw=="
ZONES = ("example.com", "example.net")
ABOVE = ("com", "net")
"""Empty: an authority that looks for CAA records climbs up to them (RFC 8659), and is told that there are none."""


class Names:
    """BIND on one host, which knows the zones example.com and example.net and no others."""

    def __init__(self, host: Host, folder: Path, address: str) -> None:
        self.host, self.folder, self.address = host, folder, address
        self._process: subprocess.Popen[str] | None = None

    def start(self, addresses: Mapping[str, str]) -> None:
        """Serve, with these names at first."""
        self.folder.mkdir(exist_ok=True)
        for zone in ZONES:
            mine = {name: at for name, at in addresses.items() if name.endswith(zone)}
            (self.folder / f"{zone}.zone").write_text(_zone(zone, self.address, mine))
        for zone in ABOVE:
            (self.folder / f"{zone}.zone").write_text(_zone(zone, self.address, {}))
        (self.folder / "named.conf").write_text(_configuration(self.folder, self.address))
        self.resume()

    def resume(self) -> None:
        """Serve again what was served."""
        config = str(self.folder / "named.conf")
        self._process = self.host.start("named", "-g", "-c", config, "-u", "root", log=self.folder / "log")
        if not wait_until(self._answers):
            raise stuck(f"the name server did not start: {self.said()[-500:]}")

    def said(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text()

    def _answers(self) -> bool:
        asked = self.host.run(
            "dig", "+short", "+time=1", "+tries=1", f"@{self.address}", "example.com", "SOA", check=False
        )
        return asked.returncode == 0 and "ns." in asked.stdout

    def stop(self) -> None:
        """Fall silent."""
        if self._process:
            self.host.run("pkill", "-F", str(self.folder / "pid"), check=False)
            self._process.wait(PATIENCE)
            self._process = None

    def set(self, name: str, kind: str, *values: str) -> None:
        """Make the records of one kind of a name these, at once; none to take them away."""
        lines = [f"server {self.address}", f"update delete {name} {kind}"]
        lines += [f"update add {name} 1 {kind} {value}" for value in values]
        secret = f"hmac-sha256:{KEY_NAME}:{KEY_SECRET}"
        self.host.run("nsupdate", "-y", secret, text="\n".join([*lines, "send", ""]))


def _zone(zone: str, address: str, names: Mapping[str, str]) -> str:
    head = f"$ORIGIN {zone}.\n$TTL 1\n@ SOA ns hostmaster 1 60 60 60 1\n@ NS ns\nns A {address}\n"
    return head + "".join(f"{name}. {'AAAA' if ':' in at else 'A'} {at}\n" for name, at in names.items())


def _configuration(folder: Path, address: str) -> str:
    zones = "".join(
        f'zone "{zone}" {{ type primary; file "{folder}/{zone}.zone"; allow-update {{ key {KEY_NAME}; }}; }};\n'
        for zone in (*ZONES, *ABOVE)
    )
    return f"""
        key {KEY_NAME} {{ algorithm hmac-sha256; secret "{KEY_SECRET}"; }};
        options {{
            directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/session.key";
            listen-on {{ {address}; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no;
            allow-recursion {{ {address}; }};
        }};
        controls {{ }};
        {zones}
    """
