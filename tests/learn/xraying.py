"""What the tests of the x-ray share: the switch, pages asked for to the end, and records as they lie on the disk."""

import json
import sqlite3
from contextlib import closing
from typing import Any

from werkzeug.test import TestResponse

from homeport.app import FEATURES
from homeport.core.config import Config
from tests.conftest import Browser

HAS_LEARN = "learn" in FEATURES
WITHOUT_LEARN = "the room learn is not in FEATURES"


def switch(browser: Browser, do: str = "on") -> None:
    """Switch one's own x-ray on or off, by the form of its page."""
    with browser.submit("/learn/xray", {"do": do}) as answer:
        assert answer.status_code == 303


def ask(browser: Browser, path: str, **options: Any) -> TestResponse:
    """Ask for a page, as a web server does: the answer is closed when it was read."""
    answer = browser.open(path, **options)
    answer.get_data()
    answer.close()
    return answer


def records(config: Config) -> list[dict[str, Any]]:
    """Every record on the disk, the oldest first."""
    file = config.data / "xray.db"
    if not file.exists():
        return []
    with closing(sqlite3.connect(file)) as books:
        return [json.loads(body) for (body,) in books.execute("SELECT body FROM records ORDER BY rowid")]


def statements(record: dict[str, Any]) -> list[str]:
    """The texts of the statements of a record, as they were sent."""
    return [record["statements"][about["text"]] for kind, *_rest, about in record["steps"] if kind == "sql"]
