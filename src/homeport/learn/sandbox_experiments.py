"""The experiments of chapters 9 and 10: the same words tried on a weak copy in the sandbox, and on this blog."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from sqlalchemy import event
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired

from homeport.core import markdown
from homeport.core.db import db
from homeport.learn import sandbox, sandbox_relay
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.posts import queries
from homeport.ui.forms import Form, Length

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAYLOAD = """<script>
const phrase = document.getElementById("phrase").textContent
new Image().src = "thief?saw=" + encodeURIComponent(phrase)
</script>"""


class Found(NamedTuple):
    """What a search came to: how the words got in, the statement, the values beside it, rows, the database's error."""

    how: str
    statement: str
    values: list[str]
    rows: list[list[str]]
    error: str


class SearchForm(Form):
    """Words to look for."""

    words = StringField(
        "Look for",
        [InputRequired(), Length(max=200)],
        default="' UNION SELECT name, password FROM people --",
        description="Try first lamp, then ' OR 1=1 --, then what stands here.",
    )


class CommentForm(Form):
    """Words to write into a guest book."""

    words = TextAreaField("The comment", [InputRequired(), Length(max=500)], default=PAYLOAD)


@experiment("search-the-copy", title="One search, written in two ways", button="Search", fields=SearchForm)
def search_the_copy(form: Fields, seen: Context) -> Outcome:
    """The reader's words in their weak copy: pasted into the statement, and beside it."""
    key = _copy(seen)
    found = []
    for how in ("pasted", "parameters"):
        answer = sandbox_relay.ask(seen.config, key, f"search.json?{urlencode({'q': form['words'], 'how': how})}")
        found.append(Found(how=how, **json.loads(answer.body)))
    return "learn/experiments/search_the_copy.html", {"found": found, "key": key}


@experiment("search-this-blog", title="The same words, here", button="Try it on this blog", fields=SearchForm)
def search_this_blog(form: Fields, seen: Context) -> Outcome:
    """The reader's words as an address that is not there, for which this blog looks for posts that may be meant."""
    exchange = seen.ask("/" + quote(form["words"], safe=""))
    with _statements() as ran:
        queries.similar([form["words"]], 5)
    return "learn/experiments/search_this_blog.html", {"exchange": exchange, "ran": ran}


@experiment("comment-in-the-copy", title="A comment with a script in it", button="Write it", fields=CommentForm)
def comment_in_the_copy(form: Fields, seen: Context) -> Outcome:
    """A comment in the guest book, and how it stands in the page: as it is, with a policy, and escaped."""
    key = _copy(seen)
    _log_in(seen, key)
    _post(seen, key, "comments", name="Somebody", words=form["words"])
    ways = []
    for guard in ("none", "policy", "escape"):
        page = sandbox_relay.ask(seen.config, key, f"comments?guard={guard}")
        found = re.findall(r"<p><b>Somebody:</b> (.*?)</p>", page.body.decode(), re.DOTALL)
        ways.append((guard, page.policy, found[0] if found else ""))
    return "learn/experiments/comment_in_the_copy.html", {"ways": ways, "key": key}


@experiment("comment-here", title="The same comment, here", button="Hand it to this blog", fields=CommentForm)
def comment_here(form: Fields, seen: Context) -> Outcome:
    """What this blog makes of the words where it renders a text, and the policy that its pages carry."""
    made = markdown.render(form["words"]).html
    policy = seen.ask("/").answer.header("Content-Security-Policy")
    return "learn/experiments/comment_here.html", {"made": made, "policy": policy}


@experiment("forged-form", title="A form from another site", button="Send it here, with my cookie")
def forged_form(_form: Fields, seen: Context) -> Outcome:
    """The other site's form, sent to this blog as a browser would: with the reader's own cookie, from elsewhere."""
    key = _copy(seen)
    _log_in(seen, key)
    headers = (*FORM.items(), ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"))
    body = urlencode({"display_name": "Somebody else"}).encode()
    exchange = seen.ask("/account", method="POST", headers=headers, body=body, as_me=True)
    return "learn/experiments/forged_form.html", {"exchange": exchange, "key": key}


def _copy(seen: Context) -> str:
    return sandbox.mine_or_new(seen.config, seen.viewer.user_id or 0)


def _post(seen: Context, key: str, target: str, **fields: str) -> sandbox_relay.Answer:
    return sandbox_relay.ask(seen.config, key, target, method="POST", headers=FORM, body=urlencode(fields).encode())


def _log_in(seen: Context, key: str) -> None:
    _post(seen, key, "login", name="Mira Holm", password="sea-glass-17")  # noqa: S106 (made up, and of the copy alone)


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """The statements that run on the present session's connection within the block, with their values."""
    ran: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        ran.append((statement, values))

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", keep)
    try:
        yield ran
    finally:
        event.remove(connection, "before_cursor_execute", keep)
