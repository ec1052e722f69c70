"""What a request is refused with whatever view it asks for: it is too large, for another host, or storage fails."""

import logging

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge, SecurityError

from homeport.core import csrf, storage
from homeport.core.errors import Problem

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Answer errors of the database and unknown hosts with a Problem."""
    app.register_error_handler(SQLAlchemyError, _storage_failed)
    app.register_error_handler(SecurityError, _unknown_host)


def bound_form(app: Flask) -> None:
    """Raise 413 for a form of more bytes or fields than any page of ours has."""
    # Werkzeug reads these whole and takes any number of fields, whatever the settings for forms say.
    request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]
    if request.get_data().count(b"&") >= app.config["MAX_FORM_PARTS"]:
        raise RequestEntityTooLarge


def too_busy() -> Problem:
    """What somebody is told whose form could not be read for all those that are still arriving."""
    return Problem(
        "Too many people are sending something right now.",
        status=503,
        code="busy",
        hint="Go back and send it again in a few seconds.",
        headers={"Retry-After": "5"},
    )


def _storage_failed(error: SQLAlchemyError) -> ResponseReturnValue:
    problem = storage.problem(error, writing=request.method not in csrf.SAFE_METHODS)
    if problem is None:
        raise error
    log.warning("storage failed", extra={"code": problem.code, "cause": error})
    return _answer(problem)


def _unknown_host(_error: SecurityError) -> ResponseReturnValue:
    asked = request.environ.get("HTTP_HOST", "")[:100]
    hint = "If it is yours, add the name to the setting allowed_hosts, or set domain to it."
    return _answer(Problem(f"This blog does not answer to the name “{asked}”.", code="unknown_host", hint=hint))


def _answer(problem: Problem) -> ResponseReturnValue:
    # Through Flask, since the page of a Problem is made above, in ui.
    response: ResponseReturnValue = current_app.handle_user_exception(problem)
    return response
