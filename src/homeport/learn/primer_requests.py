"""The experiments of chapters 3 and 4: methods and status codes, asking again, forms, redirects, forged requests."""

import re
from urllib.parse import urlencode

from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.learn.real_request import Exchange, Headers
from homeport.ui.forms import Form, Length

_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_HERE = ("Sec-Fetch-Site", "same-origin")
_MESSAGE = re.compile(r'"message":\s*"([^"]*)"')


class MethodForm(Form):
    """A method and an address."""

    method = SelectField(
        "Method", [InputRequired()], choices={name: name for name in ("GET", "HEAD", "POST", "DELETE")}
    )
    path = SelectField(
        "Address",
        [InputRequired()],
        choices={
            "/archive": "/archive, a page for everybody",
            "/account": "/account, a page for people who are logged in",
            "/nothing-here": "/nothing-here, where there is nothing",
            "/healthz": "/healthz, an answer for programs",
            "/admin/settings": "/admin/settings, where the owner works",
        },
    )


class WordsForm(Form):
    """Something to send."""

    words = StringField("Something to send", [InputRequired(), Length(max=100)], default="salt & vinegar = 50% più")


@experiment("choose-a-method", title="The same address, asked in different ways", button="Ask it", fields=MethodForm)
def choose_a_method(form: Fields, seen: Context) -> Outcome:
    """One request by any method, as a stranger."""
    headers = (("Accept", "text/html"), _HERE) if form["method"] in {"POST", "DELETE"} else (("Accept", "text/html"),)
    return _traffic(seen.ask(form["path"], method=form["method"], headers=headers))


@experiment("ask-again", title="Ask for a page twice", button="Ask twice")
def ask_again(_form: Fields, seen: Context) -> Outcome:
    """A page, and the same page again for who has it already."""
    first = seen.ask("/learn/glossary")
    again = seen.ask("/learn/glossary", headers=(("If-None-Match", first.answer.header("ETag")),))
    said = f"The first answer was {len(first.received):,} bytes long, the second {len(again.received):,}."
    return "learn/experiments/exchanges.html", {"exchanges": [first, again], "most": 120, "said": said}


@experiment("two-ways-to-send", title="The same words, sent in two ways", button="Send both", fields=WordsForm)
def two_ways_to_send(form: Fields, seen: Context) -> Outcome:
    """A form by GET, whose fields stand in the address, and one by POST, whose fields are the body."""
    words = urlencode({"words": form["words"]})
    by_get = seen.ask(f"/archive?{words}")
    body = f"{words}&answer=0".encode()
    by_post = seen.ask("/learn/forms/questions/1", method="POST", headers=(_FORM, _HERE), body=body)
    said = "Both are answered with a page, of which only the beginning is shown."
    return "learn/experiments/exchanges.html", {"exchanges": [by_get, by_post], "most": 120, "said": said}


@experiment("follow-a-redirect", title="Where a stranger is sent", button="Ask for your account")
def follow_a_redirect(_form: Fields, seen: Context) -> Outcome:
    """A page for people who are logged in, asked for by nobody, and where that leads."""
    first = seen.ask("/account")
    second = seen.ask(first.answer.header("Location") or "/")
    said = f"{first.answer.status}, then {second.answer.status}: a browser asks the second time by itself."
    return "learn/experiments/exchanges.html", {"exchanges": [first, second], "most": 120, "said": said}


@experiment("three-tricks", title="Try to log yourself out by a trick", button="Try all three")
def three_tricks(_form: Fields, seen: Context) -> Outcome:
    """The reader's own login, sent along with three requests that nobody meant to make."""
    tries = (
        ("A link or a picture whose address is /logout", "GET", ()),
        ("A form on another website", "POST", (("Sec-Fetch-Site", "cross-site"),)),
        ("A form of this blog’s own, without its token", "POST", (_HERE,)),
    )
    rows = [(what, *_refusal(seen, method, headers)) for what, method, headers in tries]
    still = seen.ask("/account", as_me=True).answer.status == 200
    return "learn/experiments/tricks.html", {"rows": rows, "still": still}


def _refusal(seen: Context, method: str, headers: Headers) -> tuple[str, str]:
    """The first line of the answer, and its reason in a sentence."""
    found = seen.ask("/logout", method=method, headers=(*headers, ("Accept", "application/json")), as_me=True)
    message = _MESSAGE.search(found.answer.text)
    return found.answer.start, message[1] if message else ""


def _traffic(exchange: Exchange) -> Outcome:
    return "learn/experiments/traffic.html", {"exchange": exchange}
