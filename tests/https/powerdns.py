"""A name server with an interface for programs, as domain providers have one: PowerDNS, which dns-lexicon talks to."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.parts import require, require_file
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from homeport.learn.labs_network import Host

TOKEN = "seven-white-herons"
SCHEMA = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
PORT = 8081


class PowerDNS:
    """PowerDNS on one host, in the place of BIND."""

    def __init__(self, host: "Host", folder: Path, address: str) -> None:
        self.host, self.folder, self.address = host, folder, address
        self.url = f"http://{address}:{PORT}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Serve no zone yet."""
        require("pdns_server", package="pdns-server")
        require_file(SCHEMA, package="pdns-backend-sqlite3")
        self.folder.mkdir(exist_ok=True)
        with closing(sqlite3.connect(self.folder / "zones.db")) as zones:
            zones.executescript(SCHEMA.read_text())
        told = {
            "daemon": "no",
            "guardian": "no",
            "launch": "gsqlite3",
            "gsqlite3-database": self.folder / "zones.db",
            "gsqlite3-pragma-synchronous": 0,
            "local-address": self.address,
            "socket-dir": self.folder,
            "api": "yes",
            "api-key": TOKEN,
            "webserver": "yes",
            "webserver-address": self.address,
            "webserver-port": PORT,
            "webserver-allow-from": "0.0.0.0/0",
            "cache-ttl": 0,
            "query-cache-ttl": 0,
            "negquery-cache-ttl": 0,
            "zone-cache-refresh-interval": 0,
        }
        command = ["pdns_server", "--config-dir=" + str(self.folder), *(f"--{name}={at}" for name, at in told.items())]
        self._process = self.host.start(*command, log=self.folder / "log")
        deadline = time.monotonic() + PATIENCE
        while not self._call("GET", "zones"):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def serve(self, zone: str, addresses: dict[str, str]) -> None:
        """Keep a zone, with these names in it."""
        rows = [
            {"name": f"{name}.", "type": "A", "ttl": 1, "records": [{"content": at}]} for name, at in addresses.items()
        ]
        rows.append({"name": f"ns.{zone}.", "type": "A", "ttl": 1, "records": [{"content": self.address}]})
        self._call(
            "POST", "zones", {"name": f"{zone}.", "kind": "Native", "nameservers": [f"ns.{zone}."], "rrsets": rows}
        )

    def records(self, zone: str, name: str, kind: str) -> list[str]:
        """What stands in a zone."""
        rows = json.loads(self._call("GET", f"zones/{zone}."))["rrsets"]
        return [
            each["content"]
            for row in rows
            if (row["name"], row["type"]) == (f"{name}.", kind)
            for each in row["records"]
        ]

    def put(self, zone: str, name: str, kind: str, *values: str) -> None:
        """Make the records of one kind of a name these."""
        row = {"name": f"{name}.", "type": kind, "ttl": 1, "changetype": "REPLACE"}
        rows = {"rrsets": [{**row, "records": [{"content": value} for value in values]}]}
        self._call("PATCH", f"zones/{zone}.", rows)

    def _call(self, method: str, what: str, body: object = None) -> str:
        command = ["curl", "-sf", "--max-time", "5", "-X", method, "-H", f"X-API-Key: {TOKEN}"]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        return self.host.run(*command, f"{self.url}/api/v1/servers/localhost/{what}", check=False).stdout
