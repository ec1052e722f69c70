"""One sentence for the next page: `say("Saved.")` before a redirect.

The sentence travels in a cookie of its own, signed with the session's secret, and is gone once shown. Only people who
are logged in are told anything this way: readers get no cookie, and their pages are cached.
"""

import base64
import hashlib
import hmac
import json
from binascii import Error as Base64Error

from flask import Flask, Response, current_app, g, request

from homeport.core.csrf import session_secret

CATEGORIES = ("success", "message", "warning", "error")
SECONDS = 60  # a redirect follows at once; what is not shown by then is about another moment
LONGEST = 500  # characters: a sentence, and far below the 4096 bytes that browsers keep (RFC 6265 section 6.1)

Message = tuple[str, str]


def say(text: str, category: str = "success") -> None:
    """Show `text` on the next page this person sees; `category` is one of CATEGORIES."""
    if category not in CATEGORIES:
        raise ValueError(f"no such category: {category}")
    g.setdefault("messages_said", []).append((category, text[:LONGEST]))


def messages() -> list[Message]:
    """What is to be shown now, as pairs of category and text; shown once."""
    g.messages_shown = True
    sent = _unseal(request.cookies.get(_cookie_name(), ""))
    said: list[Message] = g.pop("messages_said", [])
    return sent + said


def _cookie_name() -> str:
    return "__Host-message" if current_app.config["HOMEPORT"].secure else "message"


def _signature(body: bytes) -> str:
    return hmac.new(session_secret().encode(), b"homeport message " + body, hashlib.sha256).hexdigest()


def _seal(said: list[Message]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(said[-3:]).encode())
    return f"{body.decode()}.{_signature(body)}"


def _unseal(sealed: str) -> list[Message]:
    body, _, signature = sealed.partition(".")
    if not (session_secret() and hmac.compare_digest(signature.encode(), _signature(body.encode()).encode())):
        return []
    try:
        return [(str(category), str(text)) for category, text in json.loads(base64.urlsafe_b64decode(body))]
    except (Base64Error, ValueError):
        return []


def _carry(response: Response) -> Response:
    said: list[Message] = g.get("messages_said", [])
    name = _cookie_name()
    if said and session_secret():
        secure = current_app.config["HOMEPORT"].secure
        response.set_cookie(name, _seal(said), max_age=SECONDS, secure=secure, httponly=True, samesite="Lax")
    elif name in request.cookies and g.get("messages_shown"):
        response.delete_cookie(name, secure=current_app.config["HOMEPORT"].secure, httponly=True, samesite="Lax")
    return response


def register(app: Flask) -> None:
    """Carry messages from one request of `app` to the next."""
    app.after_request(_carry)
    app.add_template_global(messages)
