"""The weak copy: a small bookshop's web site, written as one should not, on made-up data.

It is run by `sandbox_child.py`, never by the blog, and uses Python's own library only. Where it is weak it says so, and
beside each weak way stands the sound one, so that both can be tried with the same words.
"""

import json
import secrets
import sqlite3
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

Page = tuple[int, dict[str, str], str]
Statement = tuple[str, tuple[str, ...]]
Row = tuple[object, ...]

POLICY = "script-src 'self'"
THIEF = "thief@evil.example"

_FRAME = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
_TABLES = """
CREATE TABLE books (title TEXT, author TEXT, on_sale INTEGER);
CREATE TABLE people (name TEXT, email TEXT, password TEXT, phrase TEXT);
CREATE TABLE comments (name TEXT, words TEXT);
CREATE TABLE caught (words TEXT);
INSERT INTO books VALUES ('Tides of the North', 'Ada Brandt', 1), ('A Lamp at Sea', 'Jon Reyes', 1),
 ('Knots for Everybody', 'Ada Brandt', 1), ('The Quiet Engine', 'Li Wen', 1),
 ('Not announced yet: Storm Year', 'Jon Reyes', 0);
INSERT INTO people VALUES ('Mira Holm', 'mira@example.org', 'sea-glass-17', 'violet anchor ninety'),
 ('Tilda Ost', 'tilda@example.org', 'kelp&salt', 'paper moon seven');
INSERT INTO comments VALUES ('Tilda Ost', 'The lamp in the second chapter is our lamp!');
"""
_START = """<p>This is the web site of a bookshop that does not exist. It runs in a process of its own, which was
started for you and ends after ten idle minutes. Break it: nothing here reaches the blog, and a new copy is one button
away, on the blog’s page <a href="/learn/sandbox">Sandbox</a>.</p>"""
_BOAT = """<p>Imagine that this page is somebody else’s. It holds a form for the shop, and a script that sends it.</p>
<form method="post" action="$action"><input type="hidden" name="email" value="$thief"><button>Show me the boat</button>
</form><script>document.forms[0].submit()</script>"""


def pasted(words: str) -> Statement:
    """Weak: what somebody typed becomes a part of the statement."""
    return f"SELECT title, author FROM books WHERE on_sale = 1 AND title LIKE '%{words}%'", ()  # noqa: S608


def by_parameters(words: str) -> Statement:
    """Sound: the statement is fixed, and the words travel beside it."""
    return "SELECT title, author FROM books WHERE on_sale = 1 AND title LIKE ?", (f"%{words}%",)


def known_as(name: str, password: str) -> Statement:
    """Weak: who somebody is, asked in the same way."""
    return f"SELECT name FROM people WHERE name = '{name}' AND password = '{password}'", ()  # noqa: S608


def as_html(words: str) -> str:
    """Weak: a comment goes into the page as it was typed."""
    return words


def as_text(words: str) -> str:
    """Sound: what means something in HTML is written so that it means itself."""
    return escape(words)


SEARCHES = {"pasted": pasted, "parameters": by_parameters}
GUARDS = ("none", "policy", "escape")


class Asked(NamedTuple):
    """A request, as far as a page looks at it. `who` is the name of whoever is logged in, or ""."""

    method: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    who: str

    def typed(self, name: str) -> str:
        """A field of the form that was sent, cut to a length that fits."""
        return self.form.get(name, "")[:2000]


class Site:
    """The shop, on a database file of its own. `answer` is asked for every page."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.set_authorizer(_only_this_file)
        self._sessions: dict[str, str] = {}
        self._token = secrets.token_urlsafe(9)
        self._pages = {
            "": lambda _asked: _page("Welcome", _START),
            "search": self._search,
            "search.json": self._search_for_programs,
            "login": self._log_in,
            "comments": self._comments,
            "account": self._account,
            "elsewhere": _elsewhere,
            "thief": self._thief,
        }

    def answer(self, *, method: str, path: str, query: dict[str, str], form: dict[str, str], cookie: str,
               headers: dict[str, str]) -> Page:  # fmt: skip
        """The page at `path`. `cookie`: what an earlier answer had the browser keep."""
        if path not in self._pages:
            return _page("Nothing here", "<p>There is no such page.</p>", status=404)
        return self._pages[path](Asked(method, query, form, headers, self._sessions.get(cookie, "")))

    def _run(self, statement: Statement) -> tuple[list[Row], str]:
        """At most 50 rows, and what the database said instead."""
        try:
            return self._db.execute(*statement).fetchmany(50), ""
        except (sqlite3.Error, sqlite3.Warning) as error:
            return [], str(error)

    def _find(self, asked: Asked) -> tuple[Statement, list[Row], str]:
        statement = SEARCHES.get(asked.query.get("how", ""), pasted)(asked.query.get("q", ""))
        return (statement, *self._run(statement))

    def _search(self, asked: Asked) -> Page:
        fields = _text("q", "Part of a title", asked.query.get("q", "")) + _choice(asked.query.get("how", ""))
        body = _form("search", fields, "Search", "get")
        if "q" in asked.query:
            (sql, values), rows, error = self._find(asked)
            body += f"<h2>The statement that ran</h2><pre>{escape(sql)}</pre>"
            body += f"<p>Beside it: {escape(values[0])}</p>" if values else "<p>Beside it: nothing.</p>"
            body += f"<h2>What came back</h2>{_table(rows, error)}"
        return _page("Search", body)

    def _search_for_programs(self, asked: Asked) -> Page:
        (sql, values), rows, error = self._find(asked)
        told = {"statement": sql, "values": values, "rows": [[str(cell) for cell in row] for row in rows]}
        return 200, {"Content-Type": "application/json"}, json.dumps({**told, "error": error})

    def _log_in(self, asked: Asked) -> Page:
        name = _text("name", "Name", asked.form.get("name", "Mira Holm"))
        form = _form("login", name + _text("password", "Password", "sea-glass-17"), "Log in")
        if asked.method != "POST":
            return _page("Log in", form)
        statement = known_as(asked.typed("name"), asked.typed("password"))
        rows, error = self._run(statement)
        if not rows:
            body = f"<p>There is nobody like that. {escape(error)}</p><pre>{escape(statement[0])}</pre>{form}"
            return _page("Log in", body, status=422)
        cookie = secrets.token_urlsafe(9)
        self._sessions[cookie] = str(rows[0][0])
        return 303, {"Location": "account", "Set-Cookie": cookie}, ""

    def _comments(self, asked: Asked) -> Page:
        guard = asked.query.get("guard") if asked.query.get("guard") in GUARDS else "none"
        if asked.method == "POST":
            self._run(("INSERT INTO comments VALUES (?, ?)", (asked.typed("name"), asked.typed("words"))))
            return 303, {"Location": f"comments?guard={guard}"}, ""
        shown = as_text if guard == "escape" else as_html
        rows, _ = self._run(("SELECT name, words FROM comments ORDER BY rowid DESC", ()))
        body = self._hello(asked.who)
        body += "".join(f"<p><b>{escape(str(name))}:</b> {shown(str(words))}</p>" for name, words in rows)
        fields = _text("name", "Your name", "Somebody")
        fields += '<label>Your comment <textarea name="words" rows="4"></textarea></label>'
        ways = " ".join(f'<a href="comments?guard={way}">{way}</a>' for way in GUARDS)
        body += f"<h2>Write something</h2>{_form(f'comments?guard={guard}', fields, 'Send')}"
        body += f"<p>Protection, at present {guard}: {ways}</p>"
        return _page("Guest book", body, {"Content-Security-Policy": POLICY} if guard == "policy" else {})

    def _hello(self, who: str) -> str:
        name, _, phrase = self._person(who)
        if not name:
            return '<p>Nobody is logged in. <a href="login">Log in</a> as Mira, to have something to be stolen.</p>'
        return f'<p>You are {name}. Your recovery phrase: <i id="phrase">{phrase}</i></p>'

    def _person(self, who: str) -> tuple[str, str, str]:
        rows, _ = self._run(("SELECT name, email, phrase FROM people WHERE name = ?", (who,)))
        name, email, phrase = rows[0] if rows else ("", "", "")
        return escape(str(name)), escape(str(email)), escape(str(phrase))

    def _account(self, asked: Asked) -> Page:
        """One's account. Weak at `account`, where the form may come from anywhere; sound at `account?guard=token`."""
        who, email, _ = self._person(asked.who)
        if not who:
            return _page("Account", '<p>Nobody is logged in. <a href="login">Log in</a></p>', status=401)
        if asked.method != "POST":
            fields = f'<input type="hidden" name="token" value="{self._token}">{_text("email", "New address", "")}'
            body = f'<p>You are {who}. Mails go to <b id="email">{email}</b>.</p>'
            return _page("Account", body + _form("account?guard=token", fields, "Change it"))
        said = [
            f"{header}: {asked.headers.get(header.lower(), '(nothing)')}" for header in ("Sec-Fetch-Site", "Origin")
        ]
        heard = f"<p>What the browser said about this form:</p><pre>{escape(chr(10).join(said))}</pre>"
        if asked.query.get("guard") == "token" and asked.typed("token") != self._token:
            return _page("Refused", f"<p>The token of the shop’s own page did not come along.</p>{heard}", status=403)
        self._run(("UPDATE people SET email = ? WHERE name = ?", (asked.typed("email"), asked.who)))
        body = f'<p>Mails for {who} now go to <b id="email">{escape(asked.typed("email"))}</b>.</p>'
        return _page("Changed", body + heard)

    def _thief(self, asked: Asked) -> Page:
        if "saw" in asked.query:
            self._run(("INSERT INTO caught VALUES (?)", (asked.query["saw"][:500],)))
            return 204, {}, ""
        rows, _ = self._run(("SELECT words FROM caught", ()))
        caught = "".join(f"<li>{escape(str(row[0]))}</li>" for row in rows)
        return _page("What the thief has", f'<ul id="caught">{caught}</ul>' if caught else "<p>Nothing so far.</p>")


def _elsewhere(asked: Asked) -> Page:
    """Another site's page, which sends a form to the shop as soon as it is open. The browser adds the shop's cookie."""
    action = "account?guard=token" if asked.query.get("guard") == "token" else "account"
    return _page("You have won a boat", Template(_BOAT).substitute(action=action, thief=THIEF))


def _only_this_file(action: int, *_: object) -> int:
    # No statement may open another file: the process could read what its account can.
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK


def _page(title: str, body: str, headers: dict[str, str] | None = None, status: int = 200) -> Page:
    kind = {"Content-Type": "text/html; charset=utf-8"}
    return status, kind | (headers or {}), _FRAME.substitute(title=title, body=body)


def _form(action: str, fields: str, button: str, method: str = "post") -> str:
    return f'<form method="{method}" action="{action}">{fields}<button>{button}</button></form>'


def _text(name: str, label: str, value: str) -> str:
    return f'<label>{label} <input name="{name}" value="{escape(value)}"></label>'


def _choice(present: str) -> str:
    options = "".join(f"<option{' selected' if how == present else ''}>{how}</option>" for how in SEARCHES)
    return f'<label>How the words get into the statement <select name="how">{options}</select></label>'


def _table(rows: list[Row], error: str) -> str:
    lines = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{lines}</table>" if rows else f"<p>{escape(error) or 'No rows.'}</p>"
