"""What the events of the audit log say, as sentences: `Olga changed Bob’s role from author to editor`.

A sentence is a list of pieces, so that a page can link the people in it: names are never read as part of the sentence.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

GROUPS = {
    "login": "Logging in",
    "account": "Accounts",
    "people": "People and roles",
    "posts": "Posts",
    "place": "Settings and keys",
}


@dataclass(frozen=True)
class Wording:
    """An action's group, its sentence, and how it reads where it was done to somebody else.

    `{who}` is the actor, or whose account it is where nobody was logged in. What stands in brackets is left out unless
    everything in it is known.
    """

    group: str
    own: str
    other: str = ""


WORDINGS = {
    "login": Wording("login", "{who} logged in[ with {means}]"),
    "login_failed": Wording("login", "Somebody tried to log in[ as {subject}] and failed"),
    "logout": Wording("login", "{who} logged out"),
    "proof": Wording("login", "{who} confirmed who they are[ with {means}]"),
    "proof_failed": Wording("login", "{who} tried to confirm who they are and failed"),
    "session_ended": Wording("login", "{who} ended a session[ ({which})]", "{actor} logged {subject} out everywhere"),
    "recovery_code_used": Wording("login", "{who} used a recovery code"),
    "device_trusted": Wording("login", "{who} trusted a device"),
    "device_distrusted": Wording("login", "{who} took the trust in a device back"),
    "account_created": Wording(
        "people", "{who} got an account[ as {role}]", "{actor} made an account for {subject}[ as {role}]"
    ),
    "registration_asked": Wording("people", "Somebody asked for an account"),
    "invitation_made": Wording("people", "{who} made an invitation"),
    "invitation_revoked": Wording("people", "{who} revoked an invitation"),
    "role_changed": Wording(
        "people",
        "{who} changed their own role[ from {before} to {after}]",
        "{actor} changed {subject}’s role[ from {before} to {after}]",
    ),
    "suspended": Wording("people", "{who} suspended their own account", "{actor} suspended {subject}"),
    "readmitted": Wording("people", "{who} let themselves in again", "{actor} let {subject} in again"),
    "reset_link_made": Wording(
        "people",
        "{who} made a link to set a new password",
        "{actor} made a link with which {subject} can set a new password",
    ),
    "second_factor_removed": Wording(
        "people", "{who} had the second factor removed", "{actor} removed {subject}’s second factor"
    ),
    "email_change_asked": Wording("account", "{who} asked to change the e-mail address"),
    "email_changed": Wording("account", "{who} changed the e-mail address"),
    "email_change_undone": Wording("account", "{who} took back the change of the e-mail address"),
    "password_changed": Wording("account", "{who} changed the password"),
    "password_removed": Wording("account", "{who} removed the password"),
    "reset_asked": Wording("account", "Somebody asked for a link to set a new password[ for {subject}]"),
    "password_reset": Wording("account", "{who} set a new password by a link"),
    "totp_added": Wording("account", "{who} added an authenticator app"),
    "totp_removed": Wording("account", "{who} removed the authenticator app"),
    "passkey_added": Wording("account", "{who} added a passkey[, “{name}”]"),
    "passkey_renamed": Wording("account", "{who} renamed a passkey[ to “{name}”]"),
    "passkey_removed": Wording("account", "{who} removed a passkey[, “{name}”]"),
    "token_made": Wording("account", "{who} made an API token[, “{name}”]"),
    "token_revoked": Wording("account", "{who} revoked an API token[, “{name}”]"),
    "recovery_codes_made": Wording("account", "{who} made new recovery codes"),
    "export_asked": Wording("account", "{who} asked for a copy of everything"),
    "export_downloaded": Wording("account", "{who} downloaded a copy of everything"),
    "departure_asked": Wording(
        "account",
        "{who} asked for the account to be deleted",
        "{actor} asked for the account of {subject} to be deleted",
    ),
    "departure_cancelled": Wording(
        "account", "{who} kept the account after all", "{actor} had the account of {subject} kept after all"
    ),
    "account_deleted": Wording("account", "{who} deleted the account", "{actor} deleted the account of {subject}"),
    "post_published": Wording("posts", "{who} published the post[ “{title}”]"),
    "post_withdrawn": Wording("posts", "{who} took the post[ “{title}”] back"),
    "post_deleted": Wording("posts", "{who} deleted the post[ “{title}”] for ever"),
    "settings_changed": Wording("place", "{who} changed the settings[: {target}]"),
    "keys_rotated": Wording("place", "{who} changed the encryption key[ of {target}]"),
}


@dataclass(frozen=True)
class Piece:
    """A part of a sentence; `person` is the number of an account that there is, where the part is its name."""

    text: str
    person: int | None = None


@dataclass(frozen=True)
class Happening:
    """What a sentence is made of. `facts` is None where they have been forgotten."""

    action: str
    actor_id: int | None
    subject_id: int | None
    target: str
    facts: dict[str, str] | None


def sentence(event: Happening, names: Mapping[int, str]) -> list[Piece]:
    """The event in words. `names`: what people are called; who is not among them has no account any more."""
    wording = WORDINGS.get(event.action) or Wording("", "{who}: " + event.action.replace("_", " "))
    values = {name: Piece(text) for name, text in (event.facts or {}).items() if text}
    if event.target:
        values["target"] = Piece(event.target)
    actor, subject = _actor(event, names), _named(event.subject_id, names)
    if subject is not None:
        values["subject"] = subject
    nobody_came = event.actor_id is None and subject is not None
    values |= {"actor": actor, "who": subject if nobody_came and subject is not None else actor}
    template = wording.own
    if _is_about_another(event):
        template = wording.other or wording.own
        if not wording.other and event.actor_id is not None and "{subject}" not in template:
            template += " for {subject}"
    return list(_pieces(template, values))


def plain(pieces: list[Piece]) -> str:
    """A sentence as text."""
    return "".join(piece.text for piece in pieces)


def _is_about_another(event: Happening) -> bool:
    if event.subject_id is None:
        return False
    if event.actor_id is None:  # Homeport itself has no address; a visitor who was not logged in acts for the account
        return "address" not in (event.facts or {})
    return event.actor_id != event.subject_id


def _actor(event: Happening, names: Mapping[int, str]) -> Piece:
    known = _named(event.actor_id, names)
    if known is not None:
        return known
    return Piece("Somebody" if event.facts is None or "address" in event.facts else "Homeport")


def _named(user_id: int | None, names: Mapping[int, str]) -> Piece | None:
    if user_id is None:
        return None
    return Piece(names[user_id], user_id) if user_id in names else Piece(f"Account {user_id}")


_PART = re.compile(r"\[([^\]]*)\]|([^\[]+)")
_FIELD = re.compile(r"\{(\w+)\}")


def _pieces(template: str, values: Mapping[str, Piece]) -> Iterator[Piece]:
    for optional, always in _PART.findall(template):
        if optional and not all(name in values for name in _FIELD.findall(optional)):
            continue
        for place, part in enumerate(_FIELD.split(optional or always)):
            if part:
                yield values[part] if place % 2 else Piece(part)
