"""The real browser, where one is installed: what it says of a page whose certificate does not hold."""

import os
import re
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds, for a browser that starts on a slow machine


def installed() -> str | None:
    """The path of a browser that labs can drive."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def verdict(program: str, name: str, host: str, port: int, folder: Path) -> str:
    """The browser's error for https://NAME/, such as ERR_CERT_AUTHORITY_INVALID; empty where it shows the page.

    `port` of the loopback stands for NAME's port 443; every other name is unknown to this browser, so that it reaches
    nothing else.
    """
    command = [
        program,
        "--headless=new",
        f"--user-data-dir={folder / 'chromium'}",
        f"--host-resolver-rules=MAP {name}:443 {host}:{port}, MAP * ~NOTFOUND, EXCLUDE {host}",
        "--disable-background-networking",
        "--disable-gpu",
        "--no-first-run",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses to run as root with it
        "--dump-dom",
        f"https://{name}/",
    ]
    home = {**os.environ, "HOME": str(folder)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=home)  # noqa: S603 (found by name)
    except subprocess.TimeoutExpired:
        return "no answer in time"
    found = re.search(r"ERR_[A-Z_]+", done.stdout)
    return found[0] if found else ""
