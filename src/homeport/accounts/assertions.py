"""Showing who one is by a passkey: as a whole login, as the second step after the password, before something sensitive.

An assertion is a signature over the challenge that this browser was given (WebAuthn, 7.2). Attempts are counted before
it is looked at, as passwords are: by account where it is known, else by network.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from homeport.accounts import audit, ceremonies, factors, passkeys, proofs, queries, throttle
from homeport.accounts.models import Ceremony, Passkey, User
from homeport.accounts.passkeys import Options
from homeport.accounts.proofs import Visit
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem
from homeport.core.lazily import Lazy

if TYPE_CHECKING:
    import webauthn.helpers.structs
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
else:
    webauthn = Lazy("webauthn")  # for the reason given in passkeys


def begin(purpose: str, bound_to: str, now: datetime, *, user: User | None = None) -> Options:
    """Begin to ask for a passkey: for any, whose owner is not known yet, or for one of `user`'s.

    To nobody is told which passkeys there are: whoever is to log in names none (WebAuthn, 14.6.3).
    """
    ceremony = ceremonies.begin(purpose, bound_to, now, user_id=user.id if user else None)
    options = webauthn.generate_authentication_options(
        rp_id=factors.rp_id(),
        challenge=webauthn.base64url_to_bytes(ceremony.challenge),
        timeout=passkeys.TIMEOUT,
        allow_credentials=passkeys.described(passkeys.usable(user.id) if user else []),
        user_verification=webauthn.helpers.structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.helpers.options_to_json_dict(options)


def by_passkey(
    purpose: str, bound_to: str, credential_json: str, visit: Visit, now: datetime, *, user: User | None = None
) -> User:
    """Whose passkey this is; with `user`, it has to be one of theirs.

    Raises Problem 422 for any that is not, 403 where nothing of this purpose was begun, 429 after too many attempts.
    Ends the transaction.
    """
    user_id = user.id if user else None
    ceremony = passkeys.take(purpose, bound_to, credential_json, now)
    passkey = _named(credential_json)
    whose = queries.by_id(user_id or (passkey.user_id if passkey else None))
    attempt = _count(whose, visit, now)
    found = _verify(ceremony, passkey, whose, credential_json)
    if passkey is None or whose is None or found is None:
        _note(purpose, whose, visit, now)
        raise _refused()
    if not _use(passkey, found, now):
        _note(purpose, whose, visit, now, reason="The passkey’s counter had gone back")
        raise _copied()
    throttle.forgive(attempt)
    return whose


def _named(credential_json: str) -> Passkey | None:
    try:
        named = webauthn.helpers.parse_authentication_credential_json(credential_json).id
    except Exception:  # for the reason given in passkeys.verify_registration
        return None
    passkey = passkeys.by_credential(named)
    return passkey if passkey is not None and passkeys.is_usable(passkey) else None


def _count(user: User | None, visit: Visit, now: datetime) -> throttle.Counted:
    if user is None:
        return throttle.begin(now, (throttle.NETWORK, visit.network))
    return proofs.count(user.email, user, visit, now)


def _verify(
    ceremony: Ceremony, passkey: Passkey | None, user: User | None, credential_json: str
) -> "VerifiedAuthentication | None":
    if passkey is None or user is None or passkey.user_id != user.id or ceremony.user_id not in {None, user.id}:
        return None
    try:
        credential = webauthn.helpers.parse_authentication_credential_json(credential_json)
        if not _is_of(user, credential.response.user_handle, ceremony):
            return None
        return webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=webauthn.base64url_to_bytes(ceremony.challenge),
            expected_rp_id=factors.rp_id(),
            expected_origin=passkeys.origin(),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # `_use` compares, and at the moment it writes
            require_user_verification=True,
        )
    except Exception:  # for the reason given in passkeys.verify_registration
        return None


def _is_of(user: User, user_handle: bytes | None, ceremony: Ceremony) -> bool:
    """Whether the authenticator means this person; where nobody was named it has to say whom (WebAuthn, 7.2 step 6)."""
    if user_handle is None:
        return ceremony.user_id is not None
    return webauthn.helpers.bytes_to_base64url(user_handle) == user.webauthn_id


def _use(passkey: Passkey, found: "VerifiedAuthentication", now: datetime) -> bool:
    """Note the use; False when the counter has not gone up, as with a copy (WebAuthn, 6.1.1). Synced ones stay at 0."""
    count = found.new_sign_count
    goes_up = Passkey.sign_count < count if count else Passkey.sign_count == 0
    facts: dict[str, Any] = {"sign_count": count, "last_used_at": now, "backed_up": found.credential_backed_up}
    used = update(Passkey).where(Passkey.id == passkey.id, goes_up).values(facts).returning(Passkey.id)
    return db.session.scalar(used, execution_options={"synchronize_session": False}) is not None


def _note(purpose: str, user: User | None, visit: Visit, now: datetime, **facts: str) -> None:
    action = "proof_failed" if purpose == ceremonies.PASSKEY_PROOF else "login_failed"
    audit.record(action, by=visit.by, now=now, subject=user.id if user else None, means="passkey", **facts)
    end_transaction()  # the Problem that follows takes back what is not yet committed


def _refused() -> Problem:
    return Problem(
        "This passkey was not accepted.",
        status=422,
        code="wrong_passkey",
        hint="It may have been removed here, or belong to another account. Use another one, or your password.",
    )


def _copied() -> Problem:
    return Problem(
        "This passkey was refused: it counts its uses, and the count has gone back, as it does when there is a copy.",
        status=422,
        code="passkey_counter",
        hint="Log in another way, then remove it and add it anew.",
    )
