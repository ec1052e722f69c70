"""Error pages: what went wrong, in words, and what to do now.

One handler for `Problem` (raised by services and views) and one for HTTP errors (raised by Flask and Werkzeug). Who
prefers JSON by the Accept header gets the same as an object: `{"error": {"code", "message", "hint", "request_id"}}`.
"""

import re
from contextlib import suppress

from flask import Flask, Response, g, jsonify, render_template, request
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from homeport.core import programs
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.site import Site
from homeport.core.waiting import TOO_LARGE

# For each status: a code for programs, what happened, and what the person can do.
EXPLANATIONS: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "The server did not understand this request.", "Go back, check what you sent and try again."),
    401: ("login_required", "You are not logged in.", "Log in and try again."),
    403: ("forbidden", "You may not do this.", "If you think you should, ask the owner of this site."),
    404: (
        "not_found",
        "There is no page at this address.",
        "Check the address for a typing mistake, or look for the page in the archive.",
    ),
    405: ("method_not_allowed", "This address can't be used in this way.", "Go back and use the page's own buttons."),
    408: ("timeout", "The request took too long to arrive.", "Check your connection and try again."),
    409: ("conflict", "Somebody else changed this in the meantime.", "Load the page again and look at the changes."),
    410: ("gone", "The page at this address was removed.", "Look in the archive for something like it."),
    413: TOO_LARGE,
    414: ("address_too_long", "This address is too long.", "Shorten it and try again."),
    415: ("wrong_type", "This kind of content can't be used here.", "Send one of the kinds that the page names."),
    422: ("invalid", "Something in the form is not right.", "Go back, correct it and send it again."),
    429: ("too_many", "That was too often in a short time.", "Wait a minute and try again."),
    503: ("unavailable", "The site can't answer right now.", "Wait a moment and load the page again."),
}
UNEXPECTED = (
    "unexpected",
    "Something went wrong on our side.",
    "Nothing you did caused it. Try again in a moment; if it stays, give the owner of this site the number below.",
)

# For the case that not even the error page can be made: the database, say, is gone.
LAST_RESORT = Markup(
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>{message}</title><h1>{message}</h1><p>{hint}</p><p>Number: {number}</p></html>"
)


# Never sent back into a page, whatever the form: secrets, and the token that was just found wrong.
SECRET_FIELD = re.compile(r"password|token|secret|code", re.IGNORECASE)


def problem_page(error: Problem) -> Response:
    """`error` as a page or as JSON, with its own status and headers."""
    hint = error.hint or EXPLANATIONS.get(error.status, UNEXPECTED)[2]
    answer = _answer(error.status, error.code, error.message, hint, resend=error.resend, field=error.field)
    answer.headers.update(error.headers)
    return answer


def http_error_page(error: HTTPException) -> HTTPException | Response:
    """An HTTP error as a page or as JSON; keeps headers like Allow and Retry-After. Redirects stay what they are."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    fallback = UNEXPECTED if status >= 500 else EXPLANATIONS[400]
    answer = _answer(status, *EXPLANATIONS.get(status, fallback))
    for name, value in error.get_headers(request.environ):
        if name.lower() not in {"content-type", "content-length"}:
            answer.headers[name] = value
    return answer


def prefers_json() -> bool:
    """Whether the client would rather have JSON than HTML (RFC 9110 section 12.5.1), or is a program."""
    if programs.are_asked():
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def sent_fields() -> list[tuple[str, str]]:
    """What the present request's form held, as pairs of name and text, without secrets."""
    return [(name, text) for name, text in request.form.items(multi=True) if not SECRET_FIELD.search(name)]


def _answer(
    status: int, code: str, message: str, hint: str, *, resend: bool = False, field: str | None = None
) -> Response:
    # What failed is taken back before the page is made: rendering reads the database, and must not flush half a change.
    with suppress(SQLAlchemyError):
        db.session.rollback()
    g.db_reading = True  # an error page must not wait for the lock that the request itself may not have got
    request_id = g.get("request_id", "")
    if prefers_json():
        body = {"code": code, "message": message, "hint": hint, "request_id": request_id}
        answer = jsonify(error=body | ({"field": field} if field else {}))
    else:
        page = _page(status, code=code, message=message, hint=hint, request_id=request_id, resend=resend)
        answer = Response(page, mimetype="text/html")
    answer.status_code = status
    answer.vary.add("Accept")
    return answer


def _page(status: int, **facts: str | bool) -> str:
    sent = sent_fields() if facts["resend"] else []
    try:
        return render_template("ui/error.html", status=status, sent=sent, **facts)
    except Exception:
        if status < 500:
            raise  # a defect in the page itself must not hide behind a plain one
    g.site = Site()  # all that the page needs of the database, which may be what is missing; what was sent is then kept
    try:
        return render_template("ui/error.html", status=status, sent=sent, **facts)
    except Exception:
        return LAST_RESORT.format(
            message=facts["message"], hint=facts["hint"], number=facts["request_id"]
        )  # Markup.format escapes what it is given


def register(app: Flask) -> None:
    """Answer every error of `app` with these pages."""
    app.register_error_handler(Problem, problem_page)
    app.register_error_handler(HTTPException, http_error_page)
