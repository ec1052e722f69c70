"""The rules for Python files hold, and each of them bites: it finds a planted violation and leaves good code alone."""

import pytest

from tests.architecture.behaviour import BEHAVIOUR_RULES
from tests.architecture.imports import IMPORT_RULES
from tests.architecture.sizes import SIZE_RULES
from tests.architecture.source import Rule, Source, check, package, read

PACKAGE_RULES = (*IMPORT_RULES, *BEHAVIOUR_RULES)
POSTS = "src/homeport/posts"
READING = "src/homeport/reading"
READS = "src/homeport/feeds/routes.py"

# rule: where, good code, and bad code in which the last line is the wrong one
PLANTED: dict[str, list[tuple[str, str | None, str | None]]] = {
    "imports_stand_at_the_top": [
        (f"{POSTS}/service.py", "import re\ndef f(): pass", "def f():\n    x = 1\n    import re"),
        (f"{POSTS}/service.py", "import re", "class A:\n  async def f(self):\n    from homeport.core import db"),
        ("src/homeport/posts/cli.py", "import re", "def f():\n    import re"),
        (
            "src/homeport/ops/service.py",
            "import importlib\nimportlib.import_module('homeport.ops.x')",
            "importlib.import_module(x)",
        ),
        ("src/homeport/ops/service.py", "import re", "x = 1\nimport_module('homeport.app')"),
    ],
    "others_use_a_features_face": [
        (f"{READING}/routes.py", "from homeport.posts import queries, service", "from homeport.posts import routes"),
        (f"{READING}/routes.py", "from homeport.posts.models import Post", "from homeport.posts.forms import PostForm"),
        (f"{READING}/routes.py", "import homeport.posts.queries", "import homeport.posts"),
        (f"{READING}/routes.py", "from homeport.reading.rows import Row", "from homeport import posts"),
        (f"{READING}/routes.py", "from homeport.core import http", "from ..posts.routes import bp"),
        (
            "src/homeport/serving/supervisor.py",
            "from homeport.app import create_app",
            "from homeport.jobs.worker import x",
        ),
    ],
    "few_doors_to_the_network": [
        ("src/homeport/interop/service.py", "from urllib.parse import urlsplit", "from urllib.request import urlopen"),
        ("src/homeport/interop/service.py", "import urllib.parse", "from urllib import request"),
        ("src/homeport/accounts/mails.py", "import socketserver", "import socket"),
        ("src/homeport/core/http.py", "import http", "import http.client as client"),
        ("src/homeport/jobs/jobs.py", "from homeport.core import mail", "import smtplib"),
    ],
    "no_drawer_for_everything": [
        ("src/homeport/posts/utils.py", None, ""),
        ("src/homeport/helpers/slugs.py", None, ""),
        ("src/homeport/posts/addresses.py", "", None),
    ],
    "only_commands_print": [
        (f"{POSTS}/service.py", "log.info('x')", "x = 1\nprint(x)"),
        (f"{POSTS}/jobs.py", "x.print", "import sys\nsys.stdout.write('x')"),
        (f"{POSTS}/cli.py", "print('x')", None),
    ],
    "no_assert": [(f"{POSTS}/service.py", "check(x)", "def f(x):\n    assert x")],
    "inner_layers_know_no_request": [
        (f"{POSTS}/service.py", "from flask import current_app", "from flask import g"),
        (f"{POSTS}/queries.py", "from homeport.core.http import Viewer", "from homeport.core.http import viewer"),
        (f"{POSTS}/mails.py", "import flask", "import flask\nx = flask.request.args"),
        (f"{POSTS}/editor_routes.py", "from flask import request", None),
        (f"{POSTS}/texts.py", "from flask import Flask", "from flask import session"),
    ],
    "the_edge_commits": [
        (f"{POSTS}/service.py", "end_transaction()", "db.session.add(x)\ndb.session.commit()"),
        (f"{POSTS}/routes.py", "committed = 1", "from homeport.core.db import commit\ncommit()"),
        (f"{POSTS}/cli.py", "commit()", None),
    ],
    "one_door_to_visibility": [
        (f"{READING}/routes.py", "x = queries.visible_to(viewer())", "x = 1\ny = post.status == 'draft'"),
        (f"{READING}/routes.py", "mail.status", "Post.status.in_(x)"),
        (f"{POSTS}/routes.py", "response.status_code", "entry.status"),
        (READS, "bring_in(Status.DRAFT if x else Status.PUBLISHED)", "if row[2] is models.Status.DRAFT: pass"),
        (READS, "x == Kind.DRAFT", "match x:\n    case Status.DRAFT: pass"),
        (READS, "from homeport.posts import queries\nproblem.status", "from homeport.posts import queries\nrow.status"),
        (READS, "x.status", "from homeport.posts import models\nmodels.Post.status"),
        (READS, "y.status", "from homeport.posts.queries import newest\nnewest(1)[0].status"),
        (f"{POSTS}/queries.py", "Post.status == Status.PUBLISHED", None),
        (f"{POSTS}/service.py", "post.status = Status.PUBLISHED", None),
    ],
    "files_are_short": [("tests/test_x.py", "x = 1\n" * 300, "x = 1\n" * 300 + "x = 1\n")],
    "functions_are_short": [
        (
            "src/homeport/x.py",
            "def f():\n" + "    x = 1\n\n    # why\n" * 39,
            "x = 1\n" + "def f():\n" + "    x = 1\n" * 40,
        ),
        ("src/homeport/migrations/versions/0001_x.py", "def upgrade():\n" + "    x = 1\n" * 90, None),
    ],
}
CASES = [
    pytest.param(rule, *planted, id=f"{rule.__name__}-{number}")
    for rule in (*PACKAGE_RULES, *SIZE_RULES)
    for number, planted in enumerate(PLANTED[rule.__name__], 1)
]


@pytest.mark.parametrize("rule", PACKAGE_RULES)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    check(package(), rule)


@pytest.mark.parametrize("rule", SIZE_RULES)
def test_everything_we_wrote_keeps_to_size(rule: Rule) -> None:
    check((*package(), *read("tests", ".py"), *read("benchmarks", ".py")), rule)


@pytest.mark.parametrize(("rule", "path", "good", "bad"), CASES)
def test_the_rule_bites(rule: Rule, path: str, good: str | None, bad: str | None) -> None:
    if good is not None:
        assert list(rule(Source(path, good))) == []
    if bad is not None:
        line = LINES.get(rule.__name__, len(bad.splitlines()) or 1)
        assert [finding.split(":")[:2] for finding in rule(Source(path, bad))] == [[path, str(line)]]


# What is too long is told where it begins, or where it goes too far.
LINES = {"files_are_short": 301, "functions_are_short": 2}


def test_every_rule_is_shown_to_bite() -> None:
    for name, planted in PLANTED.items():
        assert any(bad is not None for _path, _good, bad in planted), name
        assert any(good is not None for _path, good, _bad in planted), name
