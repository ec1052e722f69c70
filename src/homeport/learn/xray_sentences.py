"""What the facts of a record mean, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

Facts = Mapping[str, Any]

MARKS = {
    "public": "everybody may see it",
    "member": "whoever is logged in may see it",
    "author": "authors, editors and owners may see it",
    "editor": "editors and owners may see it",
    "owner": "only owners may see it",
}
WHY_ASIDE = {
    "session": "The page cache stepped aside, because you brought a session’s cookie: the page may hold something that "
    "is yours alone, so it was made anew and is not kept.",
    "method": "The page cache stepped aside, because this is not a GET: who sends something wants it to be done.",
    "authorization": "The page cache stepped aside, because the request brought a token.",
    "miss": "The page cache had no such page, so it was made.",
    "": "There was no page cache in front of this request: it came from inside, as tests and some experiments do.",
}
TLS_VERSIONS = {"tls1.2": "TLS 1.2", "tls1.3": "TLS 1.3"}


def cache(facts: Facts) -> list[str]:
    """What the page cache decided, why, and what it would have done for a reader who is not logged in."""
    found = facts["cache"]
    if facts["request"]["method"] not in {"GET", "HEAD"}:
        return [WHY_ASIDE[found["why"]]]
    other = (
        "Somebody who is not logged in would have been given a page from memory here, if it was made since the last "
        "change of the blog, and else have had it made and kept for whoever comes next."
        if found["kept_for_readers"]
        else "This page is kept for nobody: its function does not carry @cached with the parameters of this address."
    )
    return [WHY_ASIDE[found["why"]], other]


def permission(facts: Facts) -> list[str]:
    """Who you were to the program, and which rule decided."""
    who, status = facts["viewer"], facts["answer"]["status"]
    return [*_who(who), *_rule(who, facts["route"], status), *_also(who)]


def _who(who: Facts) -> Iterator[str]:
    if who["role"] is None:
        yield "To the program you were nobody: no session was found for your cookie."
        return
    yield (
        f"Your browser brought the cookie {who['cookie']}. Its SHA-256 was looked up in the table auth_sessions, which "
        f"does not hold the cookie itself; the row led to your account, whose role is {who['role']}."
    )


def _rule(who: Facts, route: Facts | None, status: int) -> Iterator[str]:
    if route is None:
        yield "No function answers at this address, so there was nothing to allow or to refuse."
        return
    yield f"The function carries the mark @{who['mark']}: {MARKS[who['mark']]}."
    if who["must_enrol"] and not who["for_enrolling"] and who["mark"] != "public":
        yield "Your role needs a second factor that you do not have yet, so you were sent to where you get one."
    elif status == 403:
        yield "You were refused."
    elif who["sensitive"] and not who["is_proven"]:
        yield "It is also @sensitive, and you had not shown for a while who you are, so you were asked again."
    else:
        yield "So you were let in."


def _also(who: Facts) -> Iterator[str]:
    if who["sensitive"] and who["is_proven"]:
        yield "It is @sensitive, and you have shown who you are in the last minutes."
    if who["scope"]:
        yield f"It is for programs: only a token for {who['scope']} counts here, and no cookie."


def cross_site(facts: Facts) -> list[str]:
    """Whether another site could have sent this, and what was looked at."""
    found = facts["cross_site"]
    if not found["checked"]:
        return ["It only reads, so it may come from anywhere: a link on another site is nothing bad."]
    by = (
        f"The browser says itself where it comes from (Sec-Fetch-Site: {found['site']})."
        if found["has_site"]
        else "The browser did not say where it comes from by Sec-Fetch-Site, so the header Origin was compared."
    )
    token = (
        "It brought the token of a page of ours, which was compared with the one of your session."
        if found["has_token"]
        else "It brought no token of a page of ours."
    )
    return [by, token]


def edge(connection: str | None, scheme: str) -> tuple[list[tuple[str, str]], str]:
    """What is known of the connection, as pairs, and a sentence about who says so."""
    parts = (connection or "").split()
    if len(parts) != 5:
        said = (
            "You came by HTTPS, which another machine took off before this program, so nothing of it is known here."
            if scheme == "https"
            else "You came by plain HTTP: there was no encryption, and no certificate. That is fine on this computer "
            "itself; from anywhere else, everybody on the way could have read along."
        )
        return [], said
    version, cipher, protocol, http, resumed = parts
    facts = [
        ("Version", TLS_VERSIONS.get(version, version)),
        ("Cipher suite", cipher),
        ("Agreed on by ALPN", protocol),
        ("Version of HTTP", http),
        (
            "Session resumed",
            "yes: the two knew each other from before" if resumed == "true" else "no: a full handshake",
        ),
    ]
    return facts, (
        "The edge (Caddy) took the encryption off and told this program about it, over a socket in the data directory "
        "that nobody else can open."
    )
