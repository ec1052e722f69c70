"""Somebody writes their first script by docs/api.md: every example in it works, and no call is left out."""

import json
import re
import shlex
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from homeport.app import FEATURES
from homeport.core import programs
from homeport.posts.models import Status
from tests.cast import Cast
from tests.factories import make_post
from tests.parts import ROOT
from tests.posts.script import Script, token_of

EXAMPLE = re.compile(r"^curl (.+?)$", re.MULTILINE)


def examples() -> list[tuple[str, str, Any]]:
    """The calls in docs/api.md to the rooms there are: method, path, and what is sent."""
    text = (ROOT / "docs" / "api.md").read_text().replace("\\\n", " ")
    found = []
    for line in EXAMPLE.findall(text):
        words = shlex.split(line)
        data = json.loads(words[words.index("--json") + 1]) if "--json" in words else None
        method = words[words.index("-X") + 1] if "-X" in words else "GET" if data is None else "POST"
        assert "$AUTH" in words, line
        path = next(word.removeprefix("$BLOG") for word in words if word.startswith("$BLOG"))
        if "learn" in FEATURES or not path.startswith("/api/learn/"):
            found.append((method, path, data))
    return found


def test_every_example_in_the_documentation_is_a_call_there_is_and_every_call_has_one(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    shown = set()
    for method, path, _data in examples():
        try:
            endpoint, _values = adapter.match(path.partition("?")[0], method)
        except HTTPException as error:
            raise AssertionError(f"{method} {path} is no call") from error
        shown.add((endpoint, method))
    calls = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if programs.scope_of(app.view_functions[rule.endpoint])
    }
    assert shown == calls


def test_the_examples_do_what_the_documentation_says(app: Flask, everybody: Cast) -> None:
    script = Script(app, token_of(app, everybody.alice, *programs.SCOPES))
    with app.app_context():
        for number in range(11):
            make_post(everybody.alice, f"Post {number}", status=Status.DRAFT)
    for method, path, data in examples():
        answer = script.send(method, path, data)
        assert answer.status_code in {200, 201}, f"{method} {path}: {answer.text}"
