"""What the present request and its answer tell of themselves, looked at once, when the answer is made."""

from typing import Any

from flask import Response, current_app, request

from homeport.core import programs, watching
from homeport.core.csrf import FIELD, HEADER, SAFE_METHODS
from homeport.core.http import SESSION_COOKIES, TICKET, Ticket, viewer
from homeport.core.net import place_of
from homeport.learn import xray_masks
from homeport.learn.xray_masks import Addresses

# What a browser may say (the standard Fetch Metadata, 2.3).
SITES = frozenset({"same-origin", "same-site", "cross-site", "none"})


def of(addresses: Addresses, response: Response) -> dict[str, Any]:
    """Everything but the steps, in plain values that may be kept."""
    found = response.status_code < 400 and request.url_rule is not None
    return {
        "request": _request(addresses, found=found),
        "edge": request.environ.get(watching.EDGE),
        "cache": _cache(),
        "route": _route(addresses, found=found),
        "viewer": _viewer(),
        "cross_site": _cross_site(),
        "answer": _answer(addresses, response),
    }


def _request(addresses: Addresses, *, found: bool) -> dict[str, Any]:
    environ = request.environ
    return {
        "method": request.method,
        "scheme": request.scheme,
        "protocol": environ.get("SERVER_PROTOCOL", ""),
        "address": addresses.target(request.path, request.query_string.decode("latin-1"), found=found),
        "parameters": xray_masks.query(request.args.items(multi=True)),
        "headers": [
            (xray_masks.header_name(name), addresses.request_header(name, value)) for name, value in request.headers
        ],
        "body": _body(),
        "from": place_of(request.remote_addr or ""),
    }


def _body() -> dict[str, Any] | None:
    if request.method in SAFE_METHODS:
        return None
    fields: list[tuple[str, object]] = list(request.form.items(multi=True))
    files = [(name, xray_masks.media_type(file.mimetype)) for name, file in request.files.items(multi=True)]
    return {
        "type": xray_masks.media_type(request.mimetype),
        "bytes": request.content_length or 0,
        "fields": xray_masks.form(fields),
        "files": [(xray_masks.name(name), f"⟨a file⟩ of the type {kind}") for name, kind in files],
    }


def _cache() -> dict[str, Any]:
    view, ticket = _view(), request.environ.get(TICKET)
    params = getattr(view, "cached_params", None)
    return {
        "why": request.environ.get(watching.PAGE_CACHE, ""),
        "kept_for_readers": params is not None and set(request.args) <= params,
        "version": ticket.version if isinstance(ticket, Ticket) else None,
    }


def _view() -> Any:
    """The function behind the address; None where there is none."""
    return current_app.view_functions.get(request.endpoint or "")


def _route(addresses: Addresses, *, found: bool) -> dict[str, Any] | None:
    rule, view = request.url_rule, _view()
    if rule is None or view is None:
        return None
    return {
        "rule": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(rule.methods or ()),
        "function": f"{view.__module__}.{view.__qualname__}",
        "parts": addresses.parts(request.view_args or {}, found=found),
    }


def _viewer() -> dict[str, Any]:
    who, view = viewer(), _view()
    mark = getattr(view, "mark", None)
    return {
        "role": who.role.label if who.role else None,
        "must_enrol": who.must_enrol,
        "is_proven": who.is_proven,
        "mark": "public" if mark is None else {"reader": "member"}.get(mark.label, mark.label),
        "sensitive": hasattr(view, "is_sensitive"),
        "for_enrolling": hasattr(view, "is_for_enrolling"),
        "scope": programs.scope_of(view),
        "cookie": next((name for name in SESSION_COOKIES if name in request.cookies), None),
    }


def _cross_site() -> dict[str, Any]:
    return {
        "checked": request.method not in SAFE_METHODS,
        "site": xray_masks.one_of(request.headers.get("Sec-Fetch-Site", ""), SITES),
        "has_site": "Sec-Fetch-Site" in request.headers,
        "has_token": FIELD in request.form or HEADER in request.headers,
    }


def _answer(addresses: Addresses, response: Response) -> dict[str, Any]:
    return {
        "status": response.status_code,
        "headers": [
            (xray_masks.header_name(name), addresses.response_header(name, value)) for name, value in response.headers
        ],
        "bytes": response.content_length or 0,
        "is_streamed": response.is_streamed,
    }
