"""Every view says who may see it, and nothing links to a view that is not there."""

import ast
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from flask import Flask
from jinja2 import Environment

import homeport.app
from homeport.core import http
from homeport.core.config import Config
from tests.architecture.behaviour import calls
from tests.architecture.markup import endpoints_in_template
from tests.architecture.source import Source, package, templates


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
    for page in templates():
        assert links_to_nowhere(page, endpoints_in_template(page, app.jinja_env), app) == []


def test_every_endpoint_named_in_python_exists(app: Flask) -> None:
    for source in package():
        assert links_to_nowhere(source, endpoints_in_python(source), app) == []


def test_a_link_to_nowhere_is_found(app: Flask) -> None:
    page = Source("x.html", "{{ url_for(\n'static') }}\n<a href=\"{{ url_for('nowhere.at_all', id=1) }}\">")
    assert links_to_nowhere(page, endpoints_in_template(page, Environment(autoescape=True)), app) == [
        "x.html:1: no endpoint static",
        "x.html:3: no endpoint nowhere.at_all",
    ]
    source = Source("src/homeport/posts/routes.py", "x = 1\nredirect(flask.url_for('.gone', id=1))\nurl_for(endpoint)")
    assert links_to_nowhere(source, endpoints_in_python(source), app) == [f"{source.path}:2: no endpoint posts.gone"]
