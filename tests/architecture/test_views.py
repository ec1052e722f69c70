"""Every view says who may see it, and nothing links to a view that is not there."""

import ast
import re
import sys
from collections.abc import Iterator
from types import ModuleType

import click
import pytest
from flask import Flask
from jinja2 import Environment
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

import homeport.app
import homeport.cli
from homeport.core import http
from homeport.core.config import Config
from tests.architecture.behaviour import calls
from tests.architecture.markup import endpoints_in_template
from tests.architecture.source import Source, features, package, templates

COMMAND = click.Context(homeport.cli.group)


def present(sources: tuple[Source, ...]) -> list[Source]:
    """Those of `sources` that are in no room which was taken out of FEATURES."""
    absent = features() - set(homeport.app.FEATURES) - {"serving"}
    return [source for source in sources if source.room not in absent]


def endpoints_in_python(source: Source) -> Iterator[tuple[int, str]]:
    """Each endpoint that a call of `url_for` names, with its line; `.edit` is the feature's own."""
    for call, name in calls(source):
        if name.rpartition(".")[2] != "url_for" or not call.args:
            continue
        endpoint = call.args[0]
        if isinstance(endpoint, ast.Constant) and isinstance(endpoint.value, str):
            own = f"{source.room}{endpoint.value}" if endpoint.value.startswith(".") else endpoint.value
            yield call.lineno, own


def links_to_nowhere(source: Source, named: Iterator[tuple[int, str]], app: Flask) -> list[str]:
    """A finding for each endpoint named in `source` that the application does not have."""
    return [source.at(line, f"no endpoint {name}") for line, name in named if name not in app.view_functions]


def unserved(source: Source, app: Flask) -> list[str]:
    """A finding for each address in a template that no view answers, unless `is_served()` was asked first."""
    findings = []
    for found in re.finditer(r'(?:href|action)="(/[^"#?]*)[^"]*"', source.text):
        if found[1].startswith("/{{"):
            continue  # the whole address is a stored one
        path = re.sub(r"\{\{.*?\}\}", "1", found[1])
        if not _is_served(path, app) and f'is_served("{path}")' not in source.text:
            findings.append(source.at(source.text.count("\n", 0, found.start()) + 1, f"no view answers {path}"))
    return findings


def _is_served(path: str, app: Flask) -> bool:
    try:
        rule, _values = app.url_map.bind("localhost").match(path, return_rule=True)
    except (MethodNotAllowed, RequestRedirect):
        return True
    except NotFound:
        return False
    # The rule for posts, whose address may be anything, answers to every path and proves nothing.
    return not rule.rule.startswith("/<path:")


def test_every_view_carries_one_mark(app: Flask) -> None:
    views = {name: view for name, view in app.view_functions.items() if not hasattr(view, "mark")}
    assert views == {}


def test_what_the_page_cache_keeps_is_public(app: Flask) -> None:
    cached = [view for view in app.view_functions.values() if hasattr(view, "cached_params")]
    assert [view.__name__ for view in cached if vars(view)["mark"] is not None] == []


def test_an_unmarked_view_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = ModuleType("homeport.planted")
    vars(planted)["register"] = lambda app: app.add_url_rule("/planted", "planted.forgotten", lambda: "x")
    monkeypatch.setitem(sys.modules, "homeport.planted", planted)
    monkeypatch.setattr(homeport.app, "FEATURES", (*homeport.app.FEATURES, "planted"))
    with pytest.raises(RuntimeError, match=r"planted\.forgotten"):
        homeport.app.create_app(config)


def test_a_second_mark_is_refused() -> None:
    with pytest.raises(TypeError, match="two marks"):

        @http.owner
        @http.public
        def view() -> str:
            return ""


def test_every_endpoint_named_in_a_template_exists(app: Flask) -> None:
    for page in present(templates()):
        assert links_to_nowhere(page, endpoints_in_template(page, app.jinja_env), app) == []


def test_every_endpoint_named_in_python_exists(app: Flask) -> None:
    for source in present(package()):
        assert links_to_nowhere(source, endpoints_in_python(source), app) == []


def test_every_address_written_in_a_template_is_served(app: Flask) -> None:
    assert [finding for page in present(templates()) for finding in unserved(page, app)] == []


def test_every_command_exists() -> None:
    assert sorted(name for name in homeport.cli.COMMANDS if homeport.cli.group.get_command(COMMAND, name) is None) == []


def test_a_link_to_nowhere_is_found(app: Flask) -> None:
    page = Source("x.html", "{{ url_for(\n'static') }}\n<a href=\"{{ url_for('nowhere.at_all', id=1) }}\">")
    assert links_to_nowhere(page, endpoints_in_template(page, Environment(autoescape=True)), app) == [
        "x.html:1: no endpoint static",
        "x.html:3: no endpoint nowhere.at_all",
    ]
    source = Source("src/homeport/posts/routes.py", "x = 1\nredirect(flask.url_for('.gone', id=1))\nurl_for(endpoint)")
    assert links_to_nowhere(source, endpoints_in_python(source), app) == [f"{source.path}:2: no endpoint posts.gone"]
    text = '{% if is_served("/x") %}<a href="/x"><a href="/{{ a.path }}">\n<a href="/y/{{ id }}?z"><form action="/n">'
    assert unserved(Source("x.html", text), app) == [
        "x.html:2: no view answers /y/1",
        "x.html:2: no view answers /n",
    ]
