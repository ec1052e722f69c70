"""Finding out from a token who asks: `Authorization: Bearer hp_…` (RFC 6750), for the views for programs and no others.

Cookies are not looked at. Wrong tokens are counted by network, and from a network that has sent too many none is looked
up for a while.
"""

from flask import Flask, Response, after_this_request, g, request

from homeport.accounts import api_tokens, presence, throttle
from homeport.accounts.models import ApiToken
from homeport.core import afterwards
from homeport.core.clock import now
from homeport.core.errors import Problem
from homeport.core.http import PROGRAM_LOADER, Viewer


def load_viewer(scope: str) -> Viewer:
    """Who asks, by the request's token; role and suspension are looked up anew. Raises Problem 401, 403 or 429."""
    g.csrf_secret = ""
    value = _sent()
    if value is None:
        raise _refusal("This address needs an API token.", "token_needed", "Bearer")
    found = _find(value)
    if scope not in found.scopes:
        raise _scope_missing(scope)
    _note_use(found)
    return presence.viewer_of(found.user, is_proven=False)


def _sent() -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None  # in any case: RFC 9110, 11.1


def _find(value: str) -> ApiToken:
    moment = now()
    throttle.refuse_guessers(throttle.TOKEN, presence.network(), moment)
    found = api_tokens.find(value, moment)
    if found is None:
        throttle.note_guess(throttle.TOKEN, presence.network(), moment)
        raise _refusal(
            "This API token is wrong, has ended or was revoked.", "wrong_token", 'Bearer error="invalid_token"'
        )
    return found


def _note_use(found: ApiToken) -> None:
    statement = api_tokens.used(found, now())
    if statement is None:
        return

    @after_this_request
    def note(response: Response) -> Response:
        afterwards.note(response, statement)
        return response


def _refusal(message: str, code: str, challenge: str) -> Problem:
    hint = "Make one on the page Security of your account, and send it as: Authorization: Bearer hp_…"
    return Problem(message, status=401, code=code, hint=hint, headers={"WWW-Authenticate": challenge})


def _scope_missing(scope: str) -> Problem:
    return Problem(
        f"This API token was not made for this: it lacks {scope}.",
        status=403,
        code="scope_missing",
        hint="Make another token that has it.",
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
    )


def register(app: Flask) -> None:
    """Have the views for programs know who asks."""
    app.extensions[PROGRAM_LOADER] = load_viewer
