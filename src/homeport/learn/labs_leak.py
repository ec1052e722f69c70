"""Lab `leak`: your database got out. What each column tells a thief, what opens, and what you do in the first hour."""

import sqlite3
import tomllib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pyotp

from homeport.accounts import service as accounts
from homeport.accounts.models import ApiToken, Totp, User
from homeport.core import ids, vault
from homeport.core.clock import now
from homeport.core.config import Config
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import Role, Viewer
from homeport.jobs.service import queue_mail
from homeport.learn.labs_passwords import opens, words
from homeport.learn.labs_scene import Blog, Person, blog, move_in, scratch
from homeport.learn.labs_story import Say
from homeport.posts import service as posts

EXPLAINED = Path(__file__).with_name("labs_leak.toml")
VERDICTS = {
    "OPENS": "lets somebody in as it stands",
    "GUESS": "is found by guessing, if at all",
    "CLOSED": "is of no use without something that is not in the database",
    "TELLS": "says something about people, or what is not published",
    "OPEN": "every visitor can see it anyway",
    "NOTHING": "is a number, a time or a name that leads nowhere",
}
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}

FIRST_HOUR = (
    ("homeport user list", "Stop the blog, keep a copy of everything as it is now, and see who is affected."),
    ("homeport audit verify", "Has somebody changed the log? Then they could write, and more than a copy is lost."),
    ("homeport audit list", "What happened lately: new owners, changed roles, links that were made."),
    ("homeport keys rotate", "Forget the key: what was stolen then stays shut, even if keys/ gets out later."),
    (
        "homeport user reset EMAIL",
        "A new password for each person, owners first. It ends sessions, links, API tokens.",
    ),
    ("homeport user reset --second-factor EMAIL", "Only if the folder keys/ got out too: authenticator apps anew."),
    ("homeport serve", "Start again once the way by which the file got out is shut."),
)
"""The command, and why. What is written in capitals is to be filled in."""


class Column(NamedTuple):
    """A column of the stolen file, and what it tells; the verdict is empty where nobody has explained it."""

    table: str
    name: str
    verdict: str
    why: str


@dataclass(frozen=True)
class Planted:
    """What the made-up people know and the thief wants."""

    people: tuple[Person, ...]
    totp_secret: str
    session: str
    api_token: str
    reset_token: str
    draft: str


@dataclass(frozen=True)
class Outcome:
    """What the thief found: the columns, which attempts worked, which secrets stand in the file as they are."""

    columns: tuple[Column, ...]
    attempts: dict[str, bool]
    readable: dict[str, bool]


def explained(tables: dict[str, list[str]]) -> tuple[Column, ...]:
    """Every column of a schema with what is known of it."""
    known = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    found = []
    for table, names in tables.items():
        for name in names:
            verdict, _, why = known.get(table, {}).get(name, "").partition(" ")
            found.append(Column(table, name, verdict, why))
    return tuple(found)


def run(say: Say) -> Outcome:
    """The lab."""
    with scratch() as folder, blog(folder) as here:
        say.scene("A blog with four made-up people")
        planted = _live(here)
        stolen = folder / "stolen.db"
        with closing(sqlite3.connect(here.config.data / "homeport.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(stolen),))
        say.tell("They write, log in, fail to log in, ask for a new password. Then a copy of the database gets out.")
        say.figure("size of the stolen file", f"{stolen.stat().st_size:,} bytes")
        columns = _read(say, stolen)
        readable = _search(say, stolen, planted)
        attempts = _try(say, here, stolen, planted)
    _advise(say)
    return Outcome(columns, attempts, readable)


def _live(here: Blog) -> Planted:
    moment = now()
    with here.inside():
        mira, jonas = move_in("Mira Holm", Role.OWNER), move_in("Jonas Berg", Role.AUTHOR)
        tilda, ole = move_in("Tilda Ost", password=words(250)[2]), move_in("Ole Lind")
        secret, api_token, draft = pyotp.random_base32(), f"hp_{ids.token()}", f"The mayor resigns ({ids.handle()})."
        sealed = vault.seal(here.config, secret)
        db.session.add(Totp(user_id=mira.id, sealed_secret=sealed, created_at=moment, confirmed_at=moment))
        by = Viewer(jonas.id, Role.AUTHOR, jonas.name, "UTC", address="192.0.2.7")
        posts.create(by=by, now=moment, draft=posts.Draft("Not for today", draft))
        posts.publish(
            posts.create(by=by, now=moment, draft=posts.Draft("Hello", "Everybody may read this.")), by, moment
        )
        token = ApiToken(digest=ids.digest(api_token), user_id=jonas.id, name="notes", scopes=["posts:read"])
        token.created_at, token.expires_at = moment, moment + timedelta(days=30)
        db.session.add(token)
        link = accounts.issue_link(db.session.get_one(User, ole.id), by=by, now=moment)
        text = f"Set a new password: {here.config.origin}/reset?token={link.token}"
        queue_mail(ole.email, "A new password", text, now=moment)
    visitor = here.app.test_client()
    for password in ("not my password", jonas.password):
        visitor.post("/login", data={"email": jonas.email, "password": password}, headers=FROM_A_PAGE)
    cookie = visitor.get_cookie("sid")
    session = cookie.value if cookie else ""
    return Planted((mira, jonas, tilda, ole), secret, session, api_token, link.token, draft)


def _read(say: Say, stolen: Path) -> tuple[Column, ...]:
    with closing(sqlite3.connect(stolen)) as thief:
        tables = {
            str(name): [str(row[1]) for row in thief.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in thief.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        }
        rows = {name: thief.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 (names the file itself gave)
    columns = explained(tables)
    for table in tables:
        say.scene(f"Table {table} ({rows[table]} rows)")
        say.table(("Column", "Verdict", "What it tells"), [column[1:] for column in columns if column.table == table])
    say.scene("All columns together")
    counts = Counter(column.verdict for column in columns)
    for verdict, meaning in VERDICTS.items():
        say.figure(f"{verdict:<7} {meaning}", str(counts[verdict]))
    return columns


def _search(say: Say, stolen: Path, planted: Planted) -> dict[str, bool]:
    say.scene("What stands in the file as it is")
    content = stolen.read_bytes()
    wanted = {
        "the draft that nobody was to see": planted.draft,
        "an e-mail address": planted.people[2].email,
        "the link in a mail that waits": planted.reset_token,
        "a password": planted.people[1].password,
        "the cookie of a session": planted.session,
        "an API token": planted.api_token,
        "the secret of an authenticator app": planted.totp_secret,
    }
    readable = {what: text.encode() in content for what, text in wanted.items()}
    for what, found in readable.items():
        (say.works if found else say.fails)(f"{what}: {'there, byte by byte' if found else 'not in any byte of it'}")
    return readable


def _try(say: Say, here: Blog, stolen: Path, planted: Planted) -> dict[str, bool]:
    say.scene("What a thief tries, at the running blog")
    with closing(sqlite3.connect(stolen)) as thief:
        (session,) = thief.execute("SELECT digest FROM auth_sessions").fetchone()
        (handle,) = thief.execute("SELECT handle FROM auth_sessions").fetchone()
        (token,) = thief.execute("SELECT digest FROM api_tokens").fetchone()
        (reset,) = thief.execute("SELECT digest FROM one_time_tokens").fetchone()
        (sealed,) = thief.execute("SELECT sealed_secret FROM totps").fetchone()
        (mail,) = thief.execute("SELECT text FROM mails WHERE status = 'queued'").fetchone()
        (weak,) = thief.execute("SELECT password_hash FROM users WHERE email LIKE 'tilda%'").fetchone()
    link = mail.rpartition("=")[2]
    elsewhere = Config(data=stolen.parent / "thief")
    common = words(250)[:5]
    attempts = {
        "the digest of a session, sent as its cookie": _is_let_in(here, session),
        "the handle of a session, sent as its cookie": _is_let_in(here, handle),
        "(for comparison: the cookie itself)": _is_let_in(here, planted.session),
        "the digest of an API token, sent as a token": _reads(here, token),
        "(for comparison: the token itself)": _reads(here, planted.api_token),
        "the digest of a link for a new password, as that link": _resets(here, reset),
        "the link from a mail that had not been sent yet": _resets(here, link),
        "the authenticator's secret, without the key file": _unseals(elsewhere, sealed, planted.totp_secret),
        "the same with keys/secrets.key, if that got out too": _unseals(here.config, sealed, planted.totp_secret),
        f"the {len(common)} commonest passwords on Tilda's hash": any(opens(weak, guess) for guess in common),
    }
    for what, worked in attempts.items():
        (say.works if worked else say.fails)(what)
    return attempts


def _is_let_in(here: Blog, cookie: str) -> bool:
    client = here.app.test_client()
    client.set_cookie("sid", cookie)
    return client.get("/account").status_code == 200


def _reads(here: Blog, token: str) -> bool:
    return here.app.test_client().get("/api/posts", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def _resets(here: Blog, token: str) -> bool:
    return here.app.test_client().get("/reset", query_string={"token": token}).status_code == 200


def _unseals(config: Config, sealed: str, secret: str) -> bool:
    try:
        return vault.unseal(config, sealed) == secret
    except Problem:
        return False


def _advise(say: Say) -> None:
    say.scene("What you do in the first hour")
    say.table(("Type", "Why"), FIRST_HOUR)
    say.tell(
        "Then write to everybody whose address stood in it: what got out, since when, and that a password used "
        "elsewhere has to be changed there too. In the European Union the authority wants to hear of it within 72 "
        "hours (GDPR, article 33)."
    )
    say.remember(
        "What the blog only has to recognise (passwords, cookies, links, tokens) is kept as a digest, and that opens "
        "nothing.",
        "What it has to read again (texts, addresses, mails that wait) is readable for the thief too. The best "
        "protection of such data is not to have it: details and mails are forgotten here after a time.",
        "A key beside the database protects against the theft of the database, and not against that of the machine.",
        "A password that is among the commonest falls, whatever the hash.",
    )
    say.hides(
        "A thief who was on the machine itself could have had the keys, and passwords as they were typed.",
        "Old backups are stolen more often than running databases, and hold what was deleted since.",
        "Only the database is looked at here: pictures, exports and Caddy's certificates lie in the data folder.",
    )
