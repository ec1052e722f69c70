"""Experiments: what the reader of a chapter runs on this very blog, and what comes of it.

    @experiment("raw-request", title="Send a request by hand", button="Send it", fields=RawForm)
    def raw_request(form: Fields, seen: Context) -> Outcome:
        return "learn/experiments/raw_request.html", {"exchange": seen.ask(form["path"])}

A chapter places it by a fenced block `experiment raw-request`. It runs for people who are logged in. A Problem that it
raises is shown in the place of its outcome.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict

from homeport.core.config import Config
from homeport.core.http import Viewer
from homeport.learn import real_request
from homeport.learn.real_request import Exchange, Headers
from homeport.ui.forms import Form

Fields = ImmutableMultiDict[str, str]
"""What was typed, by the names of the fields, after they were found to be right."""

Outcome = str | Markup | tuple[str, Mapping[str, Any]]
"""What is shown: a text, HTML, or a template and what it needs."""


@dataclass(frozen=True)
class Context:
    """What an experiment knows of the request that ran it.

    `headers` are as they came, with what opens something masked; `cookies` are whole, for sending them again, and never
    to be shown. `path` holds the query; `address` is where the reader is, `scheme` http or https.
    """

    config: Config
    viewer: Viewer
    now: datetime
    method: str
    path: str
    scheme: str
    address: str
    headers: Headers
    cookies: Mapping[str, str]
    csrf_token: str

    def ask(
        self, path: str, *, method: str = "GET", headers: Headers = (), body: bytes = b"", as_me: bool = False
    ) -> Exchange:
        """A real request to this blog over a plain connection; `as_me`: with the reader's own session cookie."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = (*headers, ("Cookie", cookie)) if as_me and cookie else headers
        raw = real_request.compose(self.config, path, method=method, headers=sent, body=body)
        return real_request.ask(self.config, raw)


Run = Callable[[Fields, Context], Outcome]


@dataclass(frozen=True)
class Experiment:
    """An experiment: its name in the whole primer, the heading and the button, its form, and what runs."""

    name: str
    title: str
    button: str
    fields: type[Form] | None
    run: Run

    def form(self, sent: ImmutableMultiDict[str, str] | None = None) -> Form | None:
        """Its fields, empty or as sent. Their names carry the experiment's, for there may be several on a page."""
        return None if self.fields is None else self.fields(sent, prefix=self._prefix)

    def typed(self, sent: ImmutableMultiDict[str, str]) -> Fields:
        """What was sent, under the fields' own names."""
        pairs = ((name.removeprefix(self._prefix), value) for name, value in sent.items(multi=True))
        return ImmutableMultiDict([(name, value) for name, value in pairs if name != "csrf_token"])

    @property
    def _prefix(self) -> str:
        return f"{self.name}-"


_known: dict[str, Experiment] = {}


def experiment(name: str, *, title: str, button: str, fields: type[Form] | None = None) -> Callable[[Run], Run]:
    """Make a function an experiment. `name` is that of its address and must not be taken. Raises ValueError."""

    def decorate(run: Run) -> Run:
        if name in _known:
            raise ValueError(f"there are two experiments called {name}")
        _known[name] = Experiment(name, title, button, fields, run)
        return run

    return decorate


def find(name: str) -> Experiment:
    """The experiment of this name. Raises KeyError."""
    return _known[name]


def names() -> list[str]:
    """The names of all experiments."""
    return sorted(_known)
