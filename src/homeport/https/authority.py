"""Whether a certificate authority can be reached, what it says of itself, and what time it is there."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import urllib3

from homeport.core.config import Config

SECONDS = 6.0
# Let's Encrypt lists its own names in its directory; others that do not are known by nothing but their address.


class Contact(Enum):
    """What came of asking for the directory."""

    ANSWERS = "answers"
    NO_NAME = "its name cannot be looked up"
    UNREACHABLE = "there is no way to it"
    UNTRUSTED = "its certificate is not trusted"
    BROKEN = "its answer is not an ACME directory"


@dataclass(frozen=True)
class Authority:
    """One authority. `ahead`: how far this machine's clock is ahead of its; None where it showed no time."""

    host: str
    contact: Contact
    words: str = ""
    identities: tuple[str, ...] = ()
    ahead: timedelta | None = None
    address: str = ""


def staging(config: Config) -> str:
    """The directory of the authority that tries the ports: where another one signs than usual and none was named for
    trying, that one. A private authority's network may not reach any other, nor trust it."""
    if config.https_acme_staging == Config.https_acme_staging:
        usual = config.https_acme_directory == Config.https_acme_directory
        return config.https_acme_staging if usual else config.https_acme_directory
    return config.https_acme_staging


def examine(directory: str, root: str, now: datetime) -> Authority:
    """Ask for the directory (RFC 8555, 7.1.1). `root`: a PEM file to trust it by beside the system's, "" for none.

    A clock that is wrong lets every certificate look expired, so the time is read without trust then: a lie about it
    can do no more than have somebody look at their clock.
    """
    host = urlsplit(directory).hostname or directory
    try:
        answer = _fetch(directory, trusting(root))
    except ssl.SSLError as error:
        return Authority(host, Contact.UNTRUSTED, _words(error), ahead=_without_trust(directory, now))
    except urllib3.exceptions.HTTPError as error:
        return _failed(host, directory, error, now)
    except OSError as error:
        return Authority(host, Contact.BROKEN, str(error))
    ahead = _ahead(answer, now)
    try:
        meta = dict(json.loads(answer.data).get("meta") or {})
        known = json.loads(answer.data)["newOrder"]
    except (ValueError, KeyError, AttributeError, TypeError):
        return Authority(host, Contact.BROKEN, f"status {answer.status}", ahead=ahead)
    identities = tuple(str(name).lower() for name in meta.get("caaIdentities") or ())
    return Authority(host, Contact.ANSWERS if known else Contact.BROKEN, "", identities, ahead)


def trusting(root: str) -> ssl.SSLContext:
    """Trust in the system's roots, and in that of a private authority, if one is named. Raises OSError."""
    context = ssl.create_default_context()
    if root:
        context.load_verify_locations(root)
    return context


def _fetch(url: str, context: ssl.SSLContext) -> urllib3.BaseHTTPResponse:
    timeout = urllib3.Timeout(connect=SECONDS, read=SECONDS)
    with urllib3.PoolManager(ssl_context=context, retries=False, timeout=timeout) as pool:
        return pool.request("GET", url)


def _failed(host: str, directory: str, error: Exception, now: datetime) -> Authority:
    chain = list(_chain(error))
    if any(isinstance(each, urllib3.exceptions.NameResolutionError) for each in chain):
        return Authority(host, Contact.NO_NAME, _words(error))
    if any(isinstance(each, ssl.SSLError | urllib3.exceptions.SSLError) for each in chain):
        return Authority(host, Contact.UNTRUSTED, _words(error), ahead=_without_trust(directory, now))
    return Authority(host, Contact.UNREACHABLE, _words(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        inner: Any = getattr(error, "reason", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__


def _words(error: BaseException) -> str:
    last = list(_chain(error))[-1]
    return (getattr(last, "verify_message", "") or getattr(last, "strerror", "") or str(last))[:200]


def _without_trust(directory: str, now: datetime) -> timedelta | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return _ahead(_fetch(directory, context), now)
    except (urllib3.exceptions.HTTPError, OSError):
        return None


def _ahead(answer: urllib3.BaseHTTPResponse, now: datetime) -> timedelta | None:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return now - theirs
