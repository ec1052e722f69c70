"""Lab `sessions`: four ways into somebody's login, each tried on this blog and on a weak copy by the same lines."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from homeport.accounts.models import Totp, User
from homeport.core import ids, vault
from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.http import Role
from homeport.learn.labs_scene import Blog, Person, blog, move_in, scratch
from homeport.learn.labs_story import Say
from homeport.learn.labs_weak_routes import WeakSite

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
"""What a browser itself adds to a form, and no page can change."""


@dataclass(frozen=True)
class Site:
    """One of the two: how its people are asked for, and what one of them is called there now."""

    name: str
    app: Flask
    tilda: Person
    mira: Person
    secret: str
    called: Callable[[], str]

    def log_in(self, browser: FlaskClient, person: Person, digits: str = "") -> None:
        """Log somebody in by the site's own form, with the second step where its digits are given."""
        fields = {"email": person.email, "password": person.password}
        browser.post("/login", data=fields, headers=FROM_HERE)
        if digits:
            browser.post("/login/code", data={"code": digits}, headers=FROM_HERE)

    def let_in(self, browser: FlaskClient, person: Person, digits: str = "") -> None:
        """As `log_in`, for who has the right. Raises RuntimeError where that fails: attacks would mean nothing."""
        self.log_in(browser, person, digits)
        if not is_in(browser):
            raise RuntimeError(f"{self.name} did not let {person.name} in")


def is_in(browser: FlaskClient) -> bool:
    """Whether the page that only its owner sees is shown."""
    return browser.get("/account").status_code == 200


def fixation(site: Site) -> bool:
    """The attacker chooses the cookie, has the victim's browser take it, and waits until she logs in."""
    planted = ids.token()
    victim, attacker = site.app.test_client(), site.app.test_client()
    victim.set_cookie("sid", planted)
    site.let_in(victim, site.tilda)
    attacker.set_cookie("sid", planted)
    return is_in(attacker)


def theft(site: Site) -> bool:
    """The attacker copies the cookie while she is logged in, and uses it."""
    _, attacker = _stolen(site)
    return is_in(attacker)


def theft_after_logout(site: Site) -> bool:
    """As before, but she logs out before the cookie is used."""
    victim, attacker = _stolen(site)
    victim.post("/logout", data=_token(victim), headers=FROM_HERE)
    return is_in(attacker) and not is_in(victim)


def guessing(site: Site) -> bool:
    """The attacker logs in, looks at the own cookie, and tries the number before it."""
    victim, attacker = site.app.test_client(), site.app.test_client()
    site.let_in(victim, site.tilda)
    site.let_in(attacker, site.tilda)
    own = _cookie(attacker)
    attacker.set_cookie("sid", str(int(own) - 1) if own.isdigit() else f"{own[:-1]}{'B' if own[-1] == 'A' else 'A'}")
    return is_in(attacker)


def cross_site(site: Site) -> bool:
    """Another site's page, open beside the blog's, sends a form in her name that gives her another one."""
    return _renamed(site, FROM_ELSEWHERE, with_token=False)


def same_site(site: Site) -> bool:
    """For comparison: the same form, sent from the site's own page."""
    return _renamed(site, FROM_HERE, with_token=True)


def replay(site: Site) -> bool:
    """The attacker looked over her shoulder: the password, and the code she has just used."""
    code = pyotp.TOTP(site.secret).now()
    victim, attacker = site.app.test_client(), site.app.test_client()
    site.let_in(victim, site.mira, code)
    site.log_in(attacker, site.mira, code)
    return is_in(attacker)


ATTACKS = {
    "fixation": fixation,
    "theft": theft,
    "theft, after she has logged out": theft_after_logout,
    "guessing the next cookie": guessing,
    "cross-site posting": cross_site,
    "(the same form from the site itself)": same_site,
    "a replayed code": replay,
}
WHY = {
    "fixation": "This blog begins a session with a new id, whatever the browser brought.",
    "theft": "Whoever has the cookie is taken for its owner, here too. That is why it passes over HTTPS alone, no "
    "script can read it, and “Your devices” shows each login and ends it.",
    "theft, after she has logged out": "Logging out deletes the row on the server; the cookie then opens nothing.",
    "guessing the next cookie": "256 random bits have no neighbours.",
    "cross-site posting": "The browser says where a form comes from, and a token that only the own page has must come "
    "along.",
    "a replayed code": "Each code counts once: the step of the last one is kept.",
}


@dataclass(frozen=True)
class Outcome:
    """Which attempts worked, on each of the two."""

    weak: dict[str, bool]
    ours: dict[str, bool]


def run(say: Say) -> Outcome:
    """The lab."""
    with scratch() as folder, blog(folder) as here:
        ours = _our_site(here)
        weak = _weak_copy(ours)
        outcome = Outcome({}, {})
        for what, attempt in ATTACKS.items():
            say.scene(what)
            say.tell((attempt.__doc__ or "").strip())
            say.raw(_lines(attempt))
            for site, results in ((weak, outcome.weak), (ours, outcome.ours)):
                results[what] = attempt(site)
                (say.works if results[what] else say.fails)(site.name)
            if what in WHY:
                say.tell(WHY[what])
    _conclude(say)
    return outcome


def _lines(attempt: Callable[[Site], bool]) -> list[str]:
    lines = inspect.getsource(attempt).splitlines()
    return [line.removeprefix("    ") for line in lines[2:]]


def _our_site(here: Blog) -> Site:
    secret, moment = pyotp.random_base32(), now()
    with here.inside():
        tilda, mira = move_in("Tilda Ost"), move_in("Mira Holm", Role.AUTHOR)
        sealed = vault.seal(here.config, secret)
        db.session.add(Totp(user_id=mira.id, sealed_secret=sealed, created_at=moment, confirmed_at=moment))

    def called() -> str:
        with here.inside():
            return db.session.get_one(User, tilda.id).display_name

    return Site("this blog", here.app, tilda, mira, secret, called)


def _weak_copy(ours: Site) -> Site:
    weak = WeakSite()
    for person, secret in ((ours.tilda, ""), (ours.mira, ours.secret)):
        weak.people[person.email] = {"password": person.password, "name": person.name, "secret": secret}
    called = lambda: weak.people[ours.tilda.email]["name"]  # noqa: E731 (a name for one line)
    return Site("the weak copy", weak.app, ours.tilda, ours.mira, ours.secret, called)


def _stolen(site: Site) -> tuple[FlaskClient, FlaskClient]:
    victim, attacker = site.app.test_client(), site.app.test_client()
    site.let_in(victim, site.tilda)
    attacker.set_cookie("sid", _cookie(victim))
    return victim, attacker


def _cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie("sid")
    return found.value if found else ""


def _token(browser: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/account").text)
    return {"csrf_token": found[1]} if found else {}


def _renamed(site: Site, headers: dict[str, str], *, with_token: bool) -> bool:
    victim, wanted = site.app.test_client(), f"Renamed {ids.handle()[:4]}"
    site.let_in(victim, site.tilda)
    fields = {"display_name": wanted, "handle": "tilda-ost", "bio": "", "link": "", "time_zone": "UTC"}
    victim.post("/account", data=fields | (_token(victim) if with_token else {}), headers=headers)
    return site.called() == wanted


def _conclude(say: Say) -> None:
    say.remember(
        "A cookie is a key. It must be long and random, new at each login, worthless after logout, and seen by nobody.",
        "A browser sends cookies along with whatever any page makes it send. That a request has the cookie does not "
        "mean that its owner wanted it.",
        "What is used once must be noted as used.",
    )
    say.hides(
        "The requests are made by a program. A real browser would not even send this blog's cookie with another site's "
        "form (SameSite=Lax); here it comes along, to see whether the blog would stand alone.",
        "How cookies are stolen: over HTTP (see the lab mitm), by injected scripts, by malware.",
        "Somebody who is asked for password and code by a false page and types both is not helped by any of this; "
        "passkeys help, since they look at the address.",
    )
