"""Every page of the blog, as everybody sees it, in light and dark, on a desk and on a phone: axe finds nothing.

The addresses come from the application's own table of routes, so a new page is looked at from its first day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Response
from werkzeug.routing import Rule

from homeport.accounts import api_tokens, passkeys
from homeport.accounts.models import User
from homeport.app import create_app
from homeport.core import clock, programs
from homeport.core.config import Config
from homeport.core.db import commit, db
from homeport.core.ids import digest
from homeport.jobs.service import queue_mail
from homeport.learn import xray_store
from homeport.migrations.runner import upgrade
from homeport.posts import service
from homeport.posts.models import Post, PreviewLink
from homeport.posts.service import Draft
from tests.cast import Cast, Person, make_cast, open_session
from tests.journeys.conftest import DESKTOP, PHONE, Served, Visitor, serve

TEXT = """A paragraph with a [link](/about), `code`, a note[^1] and *feeling*.

## A heading

| a | b | c |
|---|---|---|
| 1 | 2 | 3 |

```python
def ahoy() -> None: ...  # a long line that has to be scrolled on a phone because it does not fit into one measure of it
```

> Quoted

- [x] done
- [ ] to do

Term
: its meaning

### Another one
<details><summary>More</summary>Hidden</details>

#### And one below

[^1]: The note.
"""

PREVIEW = "p" * 43
"""The secret of a preview link to the draft."""

# What stands in for the parameters of routes. A new parameter has to be named here to be looked at.
SAMPLES: dict[str, Any] = {
    "address": None,  # static files are no pages
    "name": None,  # pictures neither
    "path": "posts/on-tides",
    "year": clock.now().year,
    "slug": "alice",
    "chapter": "client-and-server",
    "lab": "port80",
    "user_id": 3,
    "invitation_id": 1,
    "passkey_id": 1,
    "post_id": 1,
    "version": 1,
    "token": PREVIEW,
    "key": None,  # of a weak copy, whose pages are not the blog's
}
ALSO = [
    "/tags/sea",
    "/nothing/here",
    "/write/2",
    "/write/3",
    "/write/4",
    "/write/2/previews",
    "/write?status=draft",
    "/write?q=nothing",
    "/login?next=/write",
    "/account/email/done?what=undone",
]


def fill(app: Flask) -> Cast:
    """A blog with something on each of its pages."""
    with app.app_context():
        cast = make_cast("")
        now, alice = clock.now(), cast.alice.viewer
        tags = ("Sea", "Two words")
        posts = [
            service.create(by=alice, now=now, draft=Draft(title, TEXT * 3, "", tags))
            for title in ("On tides", "A draft", "Scheduled", "Thrown away", "Later tides")
        ]
        service.save(posts[0], by=alice, now=now, seen_version=1, draft=Draft("On tides", "New\n" + TEXT * 3, "", tags))
        service.publish(posts[0], alice, now)
        service.publish(posts[4], alice, now)
        service.schedule(posts[2], alice, now, now + timedelta(days=9))
        service.trash(posts[3], alice, now)
        times = {"created_at": now, "expires_at": now + timedelta(days=7)}
        link = PreviewLink(digest=digest(PREVIEW), post_id=posts[1].id, made_by_id=cast.alice.id, note="Mum", **times)
        db.session.add(link)
        for person in (cast.alice, cast.olga):
            user = db.session.get_one(User, person.id)
            api_tokens.make(user, name="Backup", scopes=[*programs.SCOPES], days=30, by=person.viewer, now=now)
        give_passkeys(cast.olga, now)
        queue_mail(to="charlie@example.com", subject="Hello", text="Hello", now=now)
        commit()
        return cast


def give_passkeys(person: Person, now: datetime) -> None:
    for rp_id in ("localhost", "old.example.org"):
        facts = {"public_key": "", "sign_count": 0, "transports": [], "backed_up": True, "user_handle": "handle"}
        found = facts | {"credential_id": rp_id, "rp_id": rp_id}
        passkeys.add_from(db.session.get_one(User, person.id), found, name=f"Key of {rp_id}", now=now)


def look_at_ones_own_requests(app: Flask, person: Person) -> None:
    """Have somebody's requests recorded, the ones to come too, and name one whose story is looked at."""
    if "xray" not in app.blueprints:
        return
    config = app.config["HOMEPORT"]
    xray_store.switch_on(config, person.id)
    with app.app_context():
        cookie = open_session(person.id)
    client = app.test_client(use_cookies=False)
    with client.get("/posts/on-tides", headers={"Cookie": f"sid={cookie}"}) as answer:
        assert answer.status_code == 200
    SAMPLES["record_id"] = xray_store.recent(xray_store.path(config), person.id, clock.now())[0].id


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Flask, Cast]]:
    """A blog in use, running; the application is made a second time only to read its routes and open sessions."""
    data: Path = tmp_path_factory.mktemp("blog") / "data"
    data.mkdir()
    config = Config(data=data)
    upgrade(config)
    app = create_app(config)
    cast = fill(app)
    look_at_ones_own_requests(app, cast.olga)
    with serve(data, has_owner=True) as served:
        yield served, app, cast
    with app.app_context():
        db.engine.dispose()


def addresses(app: Flask) -> list[str]:
    """One address for every route that shows a page."""
    with app.test_request_context():
        pages = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and _is_page(rule)]
        filled = [_fill(app, rule) for rule in pages]
    return sorted({address for address in filled if address} | set(ALSO))


def _is_page(rule: Rule) -> bool:
    is_file = rule.rule.endswith((".csv", ".jsonl", ".crt"))  # which a browser keeps and does not show
    return rule.rule != "/healthz" and not is_file and not rule.rule.startswith(programs.ROOT)


def _fill(app: Flask, rule: Rule) -> str | None:
    values = {name: SAMPLES[name] for name in rule.arguments}
    return None if None in values.values() else app.url_for(rule.endpoint, **values)


@pytest.mark.parametrize("who", ["olga", "alice", "nobody"])
@pytest.mark.parametrize("look", ["desk", "phone in the dark"])
def test_no_page_shuts_anybody_out(blog: tuple[Served, Flask, Cast], chromium: Browser, who: str, look: str) -> None:
    served, app, cast = blog
    phone = look != "desk"
    context = chromium.new_context(
        base_url=served.address,
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]  # two integers by name, as asked for
        color_scheme="dark" if phone else "light",
    )
    if who != "nobody":
        with app.app_context():
            token = open_session(getattr(cast, who).id)
        context.add_cookies([{"name": "sid", "value": token, "url": served.address}])
    visitor = Visitor(context.new_page())
    visitor.page.on("console", visitor.listen)
    seen = set()
    for address in addresses(app):
        answer = visitor.page.goto(address)
        assert answer is not None
        if (page := _shown(visitor, answer)) not in seen:
            visitor.check()
            seen.add(page)
    context.close()
    assert visitor.complaints == []


def _shown(visitor: Visitor, answer: Response) -> tuple[int | str, str]:
    """What tells pages apart: who is sent to log in, or refused, meets the same page at many addresses."""
    if answer.status >= 400:
        return answer.status, visitor.page.locator("main").inner_text()
    sent_on = answer.request.redirected_from is not None
    return answer.url.partition("?")[0] if sent_on else answer.url, ""


def test_the_blog_in_use_has_something_on_its_pages(blog: tuple[Served, Flask, Cast]) -> None:
    _, app, _ = blog
    with app.app_context():
        assert db.session.query(Post).count() == 5
    assert len(addresses(app)) > 25
