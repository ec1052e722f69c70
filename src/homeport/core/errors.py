"""The one error type that carries a message for a person."""

from http import HTTPStatus


class Problem(Exception):
    """Something a person can be told in one sentence, and usually do something about.

    `message` says what is wrong, `hint` what to do. `code` is stable, for programs and for `docs/errors.md`.
    `resend` offers the form that was sent to be sent again, for requests that were right but came too late.
    `field` names what is wrong in a program's message.
    """

    field: str | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        code: str = "bad_request",
        hint: str | None = None,
        resend: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = int(status)
        self.code = code
        self.hint = hint
        self.resend = resend
        self.headers = headers or {}


def not_found() -> Problem:
    """The same answer for what is absent and for what the viewer may not know of."""
    return Problem("There is nothing at this address.", status=HTTPStatus.NOT_FOUND, code="not_found")
