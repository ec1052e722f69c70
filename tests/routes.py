"""The blog's table of routes, with addresses to ask for and what each view's marks say about who may."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from homeport.core import csrf, programs
from homeport.core.csrf import SAFE_METHODS
from homeport.core.http import Role

UNSAFE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
# What stands in an address for its variables: somebody and something that are there.
EXAMPLES: dict[str, object] = {"user_id": 2, "post_id": 1, "version": 1, "invitation_id": 1}
JSON = {"Accept": "application/json"}
HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Route:
    """An address to ask for, its methods, the least role that may (None: everybody), and what else its view asks.

    `scope` is what a token must be for, at an address for programs; None where people are known by their cookie.
    `is_for_strangers`: no cookie counts there, so there is nothing to forge.
    `variables` are the names of the parts of the address that stand for something.
    """

    path: str
    methods: frozenset[str]
    mark: Role | None
    is_sensitive: bool
    is_for_enrolling: bool
    scope: str | None
    variables: frozenset[str]
    is_for_strangers: bool = False

    @property
    def unsafe(self) -> frozenset[str]:
        """The methods that may change something."""
        return self.methods - SAFE_METHODS


def routes(app: Flask) -> list[Route]:
    """The table of routes, with examples in the place of variables. Raises AttributeError for a view without a mark."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        return [_route(app, rule, adapter.build(rule.endpoint, _values(rule))) for rule in app.url_map.iter_rules()]


def _route(app: Flask, rule: Rule, path: str) -> Route:
    view: Any = app.view_functions[rule.endpoint]
    asks = (hasattr(view, "is_sensitive"), hasattr(view, "is_for_enrolling"), programs.scope_of(view))
    for_all = csrf.takes_all_for_strangers(view)
    return Route(path, frozenset(rule.methods or ()), view.mark, *asks, frozenset(rule.arguments), for_all)


def _values(rule: Rule) -> dict[str, object]:
    kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
    return {name: EXAMPLES.get(name, 2026 if kind == "RowNumber" else "x") for name, kind in kinds.items()}


def code_of(answer: Any) -> str:
    """The code of an error that was asked for as JSON; empty where there is none."""
    return str((answer.get_json(silent=True) or {}).get("error", {}).get("code", ""))
