"""The experiments of chapter 8: one login as everybody on the way sees it, over HTTP and over HTTPS."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from wtforms import StringField
from wtforms.validators import InputRequired

from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.learn.real_request import Message, compose, host_of, taken_apart
from homeport.learn.tls_meeting import Meeting, meet
from homeport.learn.tls_peers import made_up
from homeport.learn.tls_reader import records
from homeport.ui.forms import Form, Length

_BROWSERS_OWN = ("user-agent", "accept", "accept-language", "accept-encoding", "origin")
_KINDS = {"application_data": "encrypted", "change_cipher_spec": "(for old routers)"}
COOKIE = "sid=made-up-4f7e2c"
MOST_RECORDS = 12


class LoginForm(Form):
    """A made-up login."""

    email = StringField("A made-up address", [InputRequired(), Length(max=80)], default="mira@example.org")
    password = StringField(
        "A made-up password",
        [InputRequired(), Length(max=80)],
        default="sea glass seventeen",
        description="Not yours: it is shown on this page in a moment.",
    )


@dataclass(frozen=True)
class Recording:
    """What somebody on the way has of one login. `found`: what was looked for, and whether it stands in plain text and
    in what HTTPS made of it; `lines`: who sent a record, its kind, its length and its first bytes.
    """

    plain: Message
    size: int
    meeting: Meeting
    lines: Sequence[tuple[str, str, int, str]]
    found: list[tuple[str, bool, bool]]


@experiment("login-on-the-way", title="One login, seen from the way", button="Send it both ways", fields=LoginForm)
def login_on_the_way(form: Fields, seen: Context) -> Outcome:
    """The bytes of the reader's own browser's login with made-up values, and the same within a real handshake."""
    recording = record(form, seen)
    return "learn/experiments/login_on_the_way.html", {"recording": recording}


def record(form: Fields, seen: Context) -> Recording:
    """Send the login in the clear, which is to look at it, and through TLS in memory, keeping every byte."""
    raw = login(form, seen)
    name = host_of(seen.config).partition(":")[0]
    with made_up(name) as peers:
        meeting = meet(name, peers, raw)
    everything = b"".join(flight.data for flight in meeting.flights)
    lines = [
        (flight.by, _KINDS.get(found.name, found.name), len(found.body), found.body[:6].hex(" "))
        for flight in meeting.flights
        for found in records(flight.data)[0]
    ]
    looked_for = {
        "the address": quote_plus(form["email"]),
        "the password": quote_plus(form["password"]),
        "the session’s cookie": COOKIE,
        "that it is a login": "/login",
        "the blog’s name": name,
    }
    found = [(what, words.encode() in raw, words.encode() in everything) for what, words in looked_for.items()]
    return Recording(taken_apart(raw), len(raw), meeting, lines[:MOST_RECORDS], found)


def login(form: Fields, seen: Context) -> bytes:
    """A login as the reader's browser would send it: with what it says of itself, and a cookie that opens nothing."""
    own = tuple((name, value) for name, value in seen.headers if name.lower() in _BROWSERS_OWN)
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    body = urlencode({"email": form["email"], "password": form["password"]}).encode()
    headers = (*own, kind, ("Cookie", COOKIE))
    return compose(seen.config, "/login", method="POST", headers=headers, body=body)
