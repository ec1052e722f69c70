"""A real blog, served by the real command, and a real browser to visit it with."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.serving.running import free_port

HOMEPORT = Path(sys.executable).with_name("homeport")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# What is right is not reported: describing it takes most of the time.
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


@dataclass
class Served:
    """A running blog: where it is, and the owner's set-up link."""

    address: str
    setup_link: str
    data: Path


@contextmanager
def serve(data: Path, *, has_owner: bool = False) -> Iterator[Served]:
    """Run `homeport serve` until the block ends; it is ended by its process id, as a person would with Ctrl-C."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOMEPORT_")}
    with tempfile.TemporaryFile("w+") as log:
        command = [str(HOMEPORT), "serve", "--port", str(free_port()), "--data", str(data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment) as process:
            try:
                yield _ready(process, data, has_owner)
            finally:
                process.terminate()
                process.wait(timeout=20)
        log.seek(0)
        said = log.read()
    assert "Traceback" not in said, said


def _ready(process: subprocess.Popen[str], data: Path, has_owner: bool) -> Served:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        found = re.search(r"Homeport is ready at (\S+)", said), re.search(r"owner's account: (\S+)", said)
        if found[0] and (found[1] or has_owner):
            return Served(found[0][1], found[1][1] if found[1] else "", data)
    raise AssertionError(f"homeport serve ended before it was ready: {said}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A new blog, running, without an owner."""
    with serve(tmp_path / "data") as blog:
        yield blog


@dataclass
class Visitor:
    """Somebody at a browser. What the console complains about, scripts and refused files too, ends the test."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Let axe look at the page as it is now, and the page not be wider than the screen."""
        result = Axe().run(self.page, options=AXE)
        assert not result.response["violations"], f"{self.page.url}\n{result.generate_report()}"
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels wider than the screen"

    def listen(self, message: ConsoleMessage) -> None:
        """Keep what the console says, except its mention of pages that are meant to answer 4xx."""
        if message.type in {"error", "warning"} and "the server responded with a status of 4" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, served: Served) -> Iterator[Visit]:
    """Open a browser window of one's own on the served blog, as `visit(screen=PHONE)`."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def open_window(*, scripts: bool = True, screen: dict[str, int] = DESKTOP, **options: Any) -> Visitor:
        context = chromium.new_context(
            base_url=served.address,
            java_script_enabled=scripts,
            viewport=screen,  # type: ignore[arg-type]  # two integers by name, as asked for
            **options,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        visitor = Visitor(context.new_page())
        visitor.page.on("console", visitor.listen)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitors.append(visitor)
        return visitor

    yield open_window
    for context in contexts:
        context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
