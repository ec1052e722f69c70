"""Passkeys: making them, and what is kept of them (WebAuthn, https://www.w3.org/TR/webauthn-3/).

The package `webauthn` reads and checks what browsers send; here stands what it is checked against. The relying party is
the configured host name and never the request's, whoever uses a passkey shows a fingerprint, face or PIN (user
verification), and each one is discoverable, so that nobody has to say first who they are. Which maker's device it is
(attestation) is not asked: a blog has no list of good ones, and people need not tell.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import select

from homeport.accounts import audit, ceremonies, factors, notices, protection
from homeport.accounts.models import Ceremony, Passkey, User
from homeport.accounts.turns import take_turns
from homeport.core.db import db, end_transaction
from homeport.core.errors import Problem, not_found
from homeport.core.http import Viewer
from homeport.core.ids import token
from homeport.core.lazily import Lazy
from homeport.core.site import site

if TYPE_CHECKING:
    import webauthn.helpers.structs
    from webauthn.registration.verify_registration_response import VerifiedRegistration
else:
    webauthn = Lazy("webauthn")  # 13 MB and 0.1 s, which only who uses a passkey should cost

Options = dict[str, Any]
"""What a page gives to `navigator.credentials`, as JSON (WebAuthn, 5.1.8 and 5.1.9)."""

TIMEOUT = int(ceremonies.LIFETIME.total_seconds() * 1000)
NAMES = "passkeys"
"""Whoever stores a passkey looks first whether its id is taken."""


def begin_registration(bound_to: str, name: str, email: str, now: datetime) -> Options:
    """Begin to make the passkey of an account that is not there yet: its user handle is kept with the ceremony."""
    facts = {"user_handle": token()}
    ceremony = ceremonies.begin(ceremonies.PASSKEY_REGISTRATION, bound_to, now, facts=facts)
    return _creation(ceremony, name, email, [])


def begin_adding(user: User, bound_to: str, now: datetime) -> Options:
    """Begin to make one more passkey for somebody; the browser refuses a device that holds one already."""
    user.webauthn_id = user.webauthn_id or token()
    facts = {"user_handle": user.webauthn_id}
    ceremony = ceremonies.begin(ceremonies.PASSKEY_NEW, bound_to, now, user_id=user.id, facts=facts)
    return _creation(ceremony, user.display_name, user.email, usable(user.id))


def _creation(ceremony: Ceremony, name: str, email: str, known: Sequence[Passkey]) -> Options:
    structs, decode = webauthn.helpers.structs, webauthn.base64url_to_bytes
    required = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    options = webauthn.generate_registration_options(
        rp_id=factors.rp_id(),
        rp_name=site().title,
        user_id=decode(ceremony.facts["user_handle"]),
        user_name=email,
        user_display_name=name,
        challenge=decode(ceremony.challenge),
        timeout=TIMEOUT,
        authenticator_selection=required,
        exclude_credentials=described(known),
    )
    return webauthn.helpers.options_to_json_dict(options)


def described(known: Sequence[Passkey]) -> list["webauthn.helpers.structs.PublicKeyCredentialDescriptor"]:
    """How a browser is told which passkeys are meant, and how it reaches each."""
    structs = webauthn.helpers.structs
    ways = {way.value: way for way in structs.AuthenticatorTransport}
    return [
        structs.PublicKeyCredentialDescriptor(
            id=webauthn.base64url_to_bytes(passkey.credential_id),
            transports=[ways[name] for name in passkey.transports if name in ways],
        )
        for passkey in known
    ]


def take(purpose: str, bound_to: str, credential_json: str, now: datetime) -> Ceremony:
    """The ceremony of this browser that a credential answers, which is over from now on, whatever comes of it.

    For a credential that answers none of them it is the newest: so each try costs a challenge, and is counted.
    Raises Problem 403 where there is none, or no more. Ends the transaction.
    """
    ceremony = ceremonies.find(purpose, bound_to, now, _challenge(credential_json))
    if ceremony is None or not ceremonies.claim(ceremony, now):
        raise Problem(
            "That took too long, or was begun elsewhere.",
            status=403,
            code="too_late",
            hint="Try again here.",
        )
    end_transaction()  # a challenge is for one try, a wrong one too
    return ceremony


def _challenge(credential_json: str) -> str:
    """The challenge that a credential says it answers (WebAuthn, 5.8.1); empty where it says nothing."""
    helpers = webauthn.helpers
    try:
        sent = json.loads(credential_json)["response"]["clientDataJSON"]
        challenge = helpers.parse_client_data_json(webauthn.base64url_to_bytes(sent)).challenge
        return helpers.bytes_to_base64url(challenge)
    except Exception:  # for the reason given in verify_registration
        return ""


def verify_registration(ceremony: Ceremony, credential_json: str) -> dict[str, Any]:
    """What is to be kept of a passkey that a browser has just made, as JSON takes it: see `add_from`.

    Raises Problem 422 for anything but an answer to this ceremony's challenge. The caller has claimed it (`take`).
    """
    try:
        credential = webauthn.helpers.parse_registration_credential_json(credential_json)
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=webauthn.base64url_to_bytes(ceremony.challenge),
            expected_rp_id=factors.rp_id(),
            expected_origin=origin(),
            require_user_verification=True,
        )
    except Exception:  # whatever a made-up credential breaks in the parsers of JSON, CBOR and keys, it is refused
        raise Problem(
            "This passkey could not be taken.",
            status=422,
            code="wrong_passkey",
            hint="Try again; if it stays like this, try another device or browser.",
        ) from None
    return _facts(found) | {
        "transports": [way.value for way in credential.response.transports or ()],
        "user_handle": ceremony.facts["user_handle"],
    }


def _facts(found: "VerifiedRegistration") -> dict[str, Any]:
    return {
        "credential_id": webauthn.helpers.bytes_to_base64url(found.credential_id),
        "public_key": webauthn.helpers.bytes_to_base64url(found.credential_public_key),
        "sign_count": found.sign_count,
        "rp_id": factors.rp_id(),
        "backed_up": found.credential_backed_up,
    }


def add_from(user: User, found: dict[str, Any], *, name: str, now: datetime) -> Passkey:
    """Store the passkey that `verify_registration` described, for an account new or old.

    Raises Problem 409 where an account has it already.
    """
    take_turns(NAMES)
    if by_credential(found["credential_id"]) is not None:
        raise Problem("This passkey is in use here already.", status=409, code="passkey_taken", hint="Log in with it.")
    user.webauthn_id = user.webauthn_id or found["user_handle"]
    passkey = Passkey(
        user_id=user.id,
        credential_id=found["credential_id"],
        public_key=webauthn.base64url_to_bytes(found["public_key"]),
        sign_count=found["sign_count"],
        rp_id=found["rp_id"],
        transports=found["transports"],
        backed_up=found["backed_up"],
        name=name,
        created_at=now,
    )
    db.session.add(passkey)
    db.session.flush()
    return passkey


def add(user: User, credential_json: str, *, bound_to: str, name: str, by: Viewer, now: datetime) -> list[str]:
    """End what `begin_adding` began; returns recovery codes to show, none where there are some. Raises Problem."""
    user_id = user.id
    ceremony = take(ceremonies.PASSKEY_NEW, bound_to, credential_json, now)
    user = db.session.get_one(User, user_id)
    add_from(user, verify_registration(ceremony, credential_json), name=name, now=now)
    return protection.second_factor_added(user, "passkey_added", by=by, now=now, name=name)


def rename(passkey: Passkey, name: str, *, by: Viewer, now: datetime) -> None:
    """Call a passkey something else; it is only a name, so no mail tells of it."""
    if name != passkey.name:
        audit.record("passkey_renamed", by=by, now=now, before=passkey.name, after=name)
        passkey.name = name


def remove(passkey: Passkey, user: User, *, by: Viewer, now: datetime) -> None:
    """Have a passkey open nothing any more. Raises Problem where too little would be left."""
    if is_usable(passkey):
        factors.check_removal(user, passkeys=1)
    db.session.delete(passkey)
    db.session.flush()
    factors.tidy(user.id)
    notices.changed(user, "passkey_removed", by=by, now=now, name=passkey.name)


def origin() -> str:
    """The only origin whose pages may use this blog's passkeys: the configured one."""
    found: str = current_app.config["HOMEPORT"].origin
    return found


def all_of(user_id: int) -> Sequence[Passkey]:
    """Somebody's passkeys, the oldest first, with those of an earlier host name."""
    return db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)).all()


def usable(user_id: int) -> Sequence[Passkey]:
    """Those that open something at the present host name."""
    return [passkey for passkey in all_of(user_id) if is_usable(passkey)]


def is_usable(passkey: Passkey) -> bool:
    """Whether it was made for the host name that the blog has now."""
    return passkey.rp_id == factors.rp_id()


def one_of(user_id: int, passkey_id: int) -> Passkey:
    """One of somebody's own. Raises Problem 404 for everybody else's, as for what never was."""
    passkey = db.session.scalar(select(Passkey).where(Passkey.user_id == user_id, Passkey.id == passkey_id))
    if passkey is None:
        raise not_found()
    return passkey


def by_credential(credential_id: str) -> Passkey | None:
    """A passkey by the id that its authenticator gave it."""
    return db.session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))
