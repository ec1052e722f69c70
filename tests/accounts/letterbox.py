"""What the blog has written to people: the rows of its outbox, and the links in them."""

import re
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from sqlalchemy import select

from homeport.core.db import db, reading
from homeport.jobs.models import Mail

ORIGIN = "http://localhost:8000"
_LINK = re.compile(r"^(https?://\S+)$", re.MULTILINE)


def letters(app: Flask, to: str = "") -> list[Mail]:
    """Every mail to an address, or to everybody, the oldest first."""
    with app.app_context(), reading():
        rows = db.session.scalars(select(Mail).order_by(Mail.id)).all()
        db.session.expunge_all()
    return [row for row in rows if to in {"", row.to}]


def last_letter(app: Flask, to: str) -> Mail:
    """The newest mail to an address."""
    return letters(app, to)[-1]


def link_of(mail: Mail) -> str:
    """The path of the one link in a mail, from the blog's own address."""
    found = _LINK.findall(mail.text)
    assert len(found) == 2, f"one link and the blog's address: {mail.text}"
    assert found[1] == ORIGIN
    assert mail.html is not None
    assert f'href="{found[0]}"' in mail.html
    assert found[0].startswith(ORIGIN + "/")
    return str(found[0]).removeprefix(ORIGIN)


def token_of(mail: Mail) -> str:
    """The token in a mail's link."""
    [token] = parse_qs(urlsplit(link_of(mail)).query)["token"]
    assert re.fullmatch(r"[\w-]{43}", token)
    return token


def masked_letter(mail: Mail) -> tuple[object, ...]:
    """The columns of a row of the outbox that do not depend on what is written in it."""
    facts = (mail.status, mail.attempts, mail.next_attempt_at, mail.created_at, mail.expires_at, mail.last_error)
    return (*facts, len(mail.message_id), bool(mail.text), bool(mail.html))
