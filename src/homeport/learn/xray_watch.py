"""Looking on at a request: begun in front of Flask, made of what Flask's own signals tell, kept once the answer left.

While nobody has the x-ray switched on, a request pays for one question: whether it brings a session's cookie, and then
whether `xray.db` is there. What listens to the database and to templates is put in at the first record a process makes.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from os.path import exists
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, before_render_template, current_app, got_request_exception, request, request_finished
from jinja2 import Template

from homeport.core import watching
from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.http import Role, viewer
from homeport.core.ids import handle
from homeport.learn import xray_facts, xray_masks, xray_sql, xray_store, xray_templates
from homeport.learn.xray_record import Recording, current, place_of, quietly
from homeport.ui.foot import FootLink

NOT_RECORDED = ("/static/", "/media/", "/learn/xray")
"""Addresses that are left out: each page asks for several of the first two, and the last would only show itself."""

_installing = threading.Lock()
ADDRESSES = "homeport.xray"


def watched(app: Flask, following: WSGIApplication) -> WSGIApplication:
    """`following`, Flask's own part of `app`, with somebody who may look on. A closure, as each request passes here."""
    file = str(xray_store.path(app.config["HOMEPORT"]))

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if (
            "sid" not in environ.get("HTTP_COOKIE", "")
            or not exists(file)  # noqa: PTH110 (a Path takes four times as long)
            or environ["PATH_INFO"].startswith(NOT_RECORDED)
            or "HTTP_X_BY_ITSELF" in environ  # sent by a page again and again; nobody has asked for it
        ):
            return following(environ, start_response)
        return _recorded(app, following, environ, start_response)

    return serve


def _recorded(
    app: Flask, following: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    install(app)
    recording = Recording(handle(), "request", now())
    before = current.set(recording)

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
        recording.facts["status"] = status
        return start_response(status, headers, *more)

    try:
        answer = following(environ, start)
    finally:
        recording.stop()
        current.reset(before)
    return _Closing(answer, recording, xray_store.path(app.config["HOMEPORT"]))


class _Closing:
    """An answer whose record is kept when the server is done with it: what is noted afterwards is then in it too."""

    def __init__(self, answer: Iterable[bytes], recording: Recording, file: Path) -> None:
        self._answer, self._recording, self._file = answer, recording, file

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        before = current.set(self._recording)
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            current.reset(before)
            _keep(self._recording, self._file)


@quietly
def _keep(recording: Recording, file: Path) -> None:
    facts = recording.facts
    if not recording.wanted or recording.who is None or "answer" not in facts:
        return
    what = f"{facts['request']['method']} {facts['request']['address']}"
    xray_store.keep(file, recording.who, recording.as_stored(what, facts["status"]), recording.at)


def install(app: Flask) -> None:
    """Put in what listens to the database, the templates and the requests of `app`, once."""
    if ADDRESSES in app.extensions:
        return
    with _installing:
        if ADDRESSES in app.extensions:
            return
        with app.app_context():
            xray_sql.watch(db.engine)
        xray_templates.watch(app.jinja_env)
        for signal, receiver in _RECEIVERS:
            signal.connect(receiver, app, weak=False)
        app.extensions[ADDRESSES] = xray_masks.Addresses(app.url_map, app.config["HOMEPORT"].hosts)


def foot_link() -> FootLink | None:
    """The way from a page to its own record; none where there will be none."""
    recording = current.get()
    if recording is None or not _is_wanted(recording):
        return None
    return FootLink("X-ray of this page", f"/learn/xray/{recording.id}", "x")


def _is_wanted(recording: Recording) -> bool:
    if recording.wanted is None:
        who, file = viewer(), xray_store.path(current_app.config["HOMEPORT"])
        recording.who = who.user_id
        known = who.user_id is not None and xray_store.wants(file, who.user_id, is_owner=who.may(Role.OWNER))
        recording.wanted = known
    return recording.wanted


@quietly
def _view_begins(_app: Flask) -> None:
    recording = current.get()
    if recording is None:
        return
    if _is_wanted(recording):
        view = current_app.view_functions[request.endpoint or ""]
        recording.view = recording.begin("view", f"{view.__module__}.{view.__qualname__}")
    else:
        current.set(None)  # whose request it is shows only now: nothing of it is kept


@quietly
def _view_ended(_app: Flask) -> None:
    recording = current.get()
    if recording is not None and recording.view is not None:
        recording.end(recording.view)


@quietly
def _renders(_app: Flask, template: Template, context: dict[str, Any]) -> None:
    recording = current.get()
    if recording is not None:
        shown = {name: xray_masks.kind(value) for name, value in context.items() if name not in _GIVEN_TO_ALL}
        recording.facts.setdefault("contexts", []).append([template.name or "a text", sorted(shown.items())])


@quietly
def _fails(_app: Flask, exception: BaseException) -> None:
    recording = current.get()
    if recording is not None:
        recording.facts["error"] = {"type": type(exception).__name__, "places": place_of(exception)}


@quietly
def _finished(app: Flask, response: Response) -> None:
    recording = current.get()
    if recording is not None and _is_wanted(recording):
        recording.facts |= xray_facts.of(app.extensions[ADDRESSES], response)


_GIVEN_TO_ALL = frozenset({"g", "request", "session", "viewer", "Role", "site"})
_RECEIVERS = (
    (before_render_template, _renders),
    (got_request_exception, _fails),
    (request_finished, _finished),
    (watching.view_begins, _view_begins),
    (watching.view_ended, _view_ended),
)
