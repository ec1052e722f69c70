"""Telling a blog how far one is: all of it each time, so that what could not be sent once is not lost.

The token goes to the address that was typed and nowhere else: no redirect is followed and no proxy asked. Without
encryption it goes to this machine and the home network only, for on the way through the internet others could read it.
"""

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from homeport.core.errors import Problem
from homeport.core.net import place_of
from homeport.learn.practice_folder import Blog, Folder, Progress

SECONDS = 10
"""How long to wait for the connection, and for each piece of the answer."""

MOST_BYTES = 64 * 1024
PATH = "/api/learn/exercises"
PAGE = "/learn/practice"

_TOKEN = re.compile(r"hp_[A-Za-z0-9_-]{20,200}")
_HOST = re.compile(r"[a-z0-9._:-]+")
_AT_HOME = ("this machine", "home network")
_LONGEST = 300
_NOT_TOLD = "Not told to the blog: "


class Heard(NamedTuple):
    """What the blog answered: how many exercises are done, of how many, and which of those sent it does not know."""

    done: int
    total: int
    unknown: tuple[str, ...]


def address_of(typed: str) -> str:
    """The address of a blog as it was typed or copied, without a path; https where nothing is said. Raises Problem."""
    text = typed.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # UnicodeError is one
        parts, host, port = SplitResult("", "", "", "", ""), "", ""
    if parts.scheme not in {"http", "https"} or parts.username is not None or not _HOST.fullmatch(host):
        hint = "It looks like blog.example.com, or http://localhost:8000."
        raise Problem(f"“{_plain(text)}” is no address of a blog.", code="bad_blog", hint=hint)
    return f"{parts.scheme}://[{host}]{port}" if ":" in host else f"{parts.scheme}://{host}{port}"


def token_of(typed: str) -> str:
    """The token that was typed. Raises Problem for what can be none."""
    if not _TOKEN.fullmatch(typed.strip()):
        hint = f"Copy all of it from the blog's page {PAGE}; it begins with hp_."
        raise Problem("This is no token.", code="bad_blog", hint=hint)
    return typed.strip()


def tell(folder: Folder, say: Callable[[str], None]) -> None:
    """Tell the connected blog, if there is one, and say in a sentence what came of it. A failure raises nothing."""
    try:
        blog = folder.blog
        if blog is not None:
            say(sentence(blog, send(blog, folder.progress)))
    except Problem as problem:
        say(f"{_NOT_TOLD}{problem.message.removeprefix(_NOT_TOLD)} It is sent the next time.")


def sentence(blog: Blog, heard: Heard) -> str:
    """What the blog knows now."""
    known = f"{blog.address} knows: {heard.done} of {heard.total} exercises done."
    return f"{known} It has none called {', '.join(heard.unknown)}." if heard.unknown else known


def send(blog: Blog, progress: Progress) -> Heard:
    """Tell a blog all that the folder knows. Raises Problem with one sentence that says what went wrong."""
    try:
        answer, content = _put(blog, json.dumps(asdict(progress)).encode())
    except (HTTPError, OSError, ValueError) as error:
        raise _not_told(_failure(blog, error)) from None
    said = _object(content)
    if answer.status != 200:
        raise _not_told(_refusal(blog, answer, said))
    try:
        unknown = tuple(_plain(name) for name in said["unknown"])
        return Heard(int(said["done"]), int(said["of"]), unknown)
    except (KeyError, TypeError, ValueError):
        raise _not_told(_no_homeport(blog)) from None


def _not_told(message: str) -> Problem:
    return Problem(_NOT_TOLD + message, code="not_told")


def _put(blog: Blog, body: bytes) -> tuple[urllib3.BaseHTTPResponse, bytes]:
    parts = urlsplit(blog.address)
    host = parts.hostname or ""
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(host, parts.port or 443, ssl_context=_context(blog.trust))
        return _ask(pool, blog, body)
    *first, last = _at_home(host, parts.port or 80)
    for address in first:
        try:
            return _ask(urllib3.HTTPConnectionPool(address, parts.port or 80), blog, body)
        except (ConnectTimeoutError, NewConnectionError):
            continue  # "localhost" has two addresses, and most programs listen at one
    return _ask(urllib3.HTTPConnectionPool(last, parts.port or 80), blog, body)


def _ask(pool: urllib3.HTTPConnectionPool, blog: Blog, body: bytes) -> tuple[urllib3.BaseHTTPResponse, bytes]:
    headers = {
        "Host": urlsplit(blog.address).netloc,
        "Authorization": f"Bearer {blog.token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    options: dict[str, Any] = {"retries": False, "redirect": False, "timeout": SECONDS, "preload_content": False}
    with pool, pool.urlopen("PUT", PATH, body, headers, **options) as answer:
        return answer, answer.read(MOST_BYTES + 1, decode_content=False)


def _context(trust: str) -> ssl.SSLContext:
    """What certificates are checked against: the system's authorities, and those in the file `trust`."""
    context = ssl.create_default_context()
    if trust:
        try:
            context.load_verify_locations(trust)
        except OSError:  # ssl.SSLError is one
            raise _not_told(f"{trust} can't be read, or is no certificate in PEM.") from None
    return context


def _at_home(host: str, port: int) -> list[str]:
    """The addresses of a name, if all are at home; it is they that are connected to, whatever the name says later."""
    found = list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    for address in found:
        if place_of(address) not in _AT_HOME:
            message = f"without https others could read the token on its way to {host} ({address})."
            raise Problem(_NOT_TOLD + message, code="not_encrypted", hint=f"Connect with https://{host}.")
    return found


def _failure(blog: Blog, error: Exception) -> str:
    """Why no answer came."""
    chain = list(_chain(error))
    host = urlsplit(blog.address).hostname
    if any(isinstance(each, socket.gaierror | NameResolutionError) for each in chain):
        return f"nobody knows the name {host}, or this machine is not in the internet."
    if verified := next((each for each in chain if isinstance(each, ssl.SSLCertVerificationError)), None):
        why = verified.verify_message
        return f"the certificate of {host} is not trusted ({why}); --trust FILE names an authority of the blog's own."
    if any(isinstance(each, ssl.SSLError | urllib3.exceptions.SSLError) for each in chain):
        return f"{blog.address} does not speak https; a blog at home may need http:// before its name."
    if any(isinstance(each, TimeoutError) for each in chain):
        return f"{blog.address} did not answer within {SECONDS} seconds."
    return f"{blog.address} can't be reached ({_plain(_words(chain[-1]))})."


def _refusal(blog: Blog, answer: urllib3.BaseHTTPResponse, said: dict[str, Any]) -> str:
    """What a status other than 200 means. `said` is what came with it."""
    error = said.get("error")
    error = error if isinstance(error, dict) else {}
    if 300 <= answer.status < 400:
        elsewhere = _plain(answer.headers.get("Location", "somewhere else"))
        return f"{blog.address} points to {elsewhere}; if that is the blog, connect with that address."
    if answer.status == 401:
        return f"the token is wrong, has ended or was revoked; get another at {blog.address}{PAGE} and connect."
    # A Homeport without the address answers 403: it takes what no page of its own sends for a forgery.
    if answer.status in {404, 405} or error.get("code") == "cross_site":
        return _no_homeport(blog)
    if answer.status >= 500:
        return f"{blog.address} has a fault of its own just now (status {answer.status})."
    return (
        f"{blog.address} refuses it (status {answer.status}): {_plain(str(error.get('message', 'it says no more.')))}"
    )


def _no_homeport(blog: Blog) -> str:
    return f"at {blog.address} there is no Homeport that can be told of exercises."


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner: Any = getattr(error, "reason", None)
        inner = inner if isinstance(inner, BaseException) else next(iter(error.args), None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    return getattr(error, "strerror", "") or str(error)


def _plain(text: Any) -> str:
    # What others send may hold signs that move the cursor or change the terminal's title.
    return "".join(char if char.isprintable() else "?" for char in str(text)[:_LONGEST])
