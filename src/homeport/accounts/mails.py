"""What the blog writes to people about their accounts. Links are built from the configured address alone.

No mail repeats what a stranger typed, such as a name: with that, anybody could have words of theirs sent to anybody.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from homeport.accounts import audit
from homeport.accounts.browsers import name_of
from homeport.core.http import Viewer
from homeport.core.site import site
from homeport.jobs.service import queue_mail
from homeport.ui.filters import date_and_time
from homeport.ui.letters import Letter

NOT_YOU = "If it was not you, log in, end every other session under Your devices, and set a new password."
NOT_YOU_KEEP_IT = (
    "If it was not you, log in, keep the account, end every other session under Your devices, and set a new password."
)
ASK_THE_OWNER = "If you do not know why, ask the owner."
LEAVE_IT = "It was not you? Then do nothing: nothing has changed."
BUTTON = "The page that opens has a button; nothing happens before you press it."

# What has happened to the reader's account, as the mail says it. Every other action is told by its name in the log.
CHANGES = {
    "password_changed": "Your password was changed",
    "password_removed": "Your password was removed",
    "password_reset": "A new password was set by a link, and every device was logged out",
    "email_change_undone": "Your e-mail address is this one again, and every device was logged out",
    "totp_added": "An authenticator app was added to your account",
    "totp_removed": "The authenticator app was removed from your account",
    "passkey_added": "A passkey was added to your account",
    "passkey_renamed": "A passkey of yours was renamed",
    "passkey_removed": "A passkey was removed from your account",
    "recovery_codes_made": "New recovery codes were made; the old ones stopped working",
    "recovery_code_used": "One of your recovery codes was used to log in",
    "second_factor_removed": "Your authenticator app, passkeys and recovery codes were removed",
    "role_changed": "You have another role",
    "suspended": "Your account was suspended",
    "readmitted": "You can log in again",
    "export_asked": "Somebody logged in as you asked for a copy of everything about you",
    "export_downloaded": "The copy of everything about you was downloaded",
    "departure_asked": "Your account is going to be deleted",
    "departure_cancelled": "Your account stays after all",
    "account_deleted": "Your account was deleted",
}


@dataclass(frozen=True)
class _Asked:
    """A mail that somebody asked for who may or may not be its reader: what for, and what there is to do."""

    subject: str
    what: str
    link: tuple[str, str]
    after: tuple[str, ...]

    def letter(self, by: Viewer, now: datetime) -> Letter:
        """With when and from where it was asked for, so that its reader can tell whether it was they."""
        when = f"Asked for on {date_and_time(now)}{_place(by)}."
        return Letter(_subject(self.subject), (self.what,), self.link, (*self.after, LEAVE_IT, when))


def send(to: str, letter: Letter, now: datetime, *, expires_at: datetime | None = None, key: str | None = None) -> None:
    """Put a letter into the outbox, in the caller's transaction; not sent any more after `expires_at`."""
    queue_mail(to, letter.subject, letter.text, html=letter.html, now=now, expires_at=expires_at, key=key)


def address(path: str) -> str:
    """The whole address of a path of this blog; never built from a request."""
    origin: str = current_app.config["HOMEPORT"].origin
    return origin + path


def _link(endpoint: str, **values: str) -> str:
    # Not url_for: commands and jobs write letters too, and have no request that it could look at.
    return address(current_app.url_map.bind("").build(endpoint, values))


def _subject(words: str) -> str:
    return f"{site().title}: {words}"


def _place(by: Viewer) -> str:
    browser = f" from {name_of(by.browser)}" if by.browser else ""
    return browser + (f" at the address {by.address}" if by.address else "")


def confirmation(token: str, by: Viewer, now: datetime) -> Letter:
    """To who asked for an account."""
    return _Asked(
        "confirm your e-mail address",
        f"Somebody, presumably you, asked for an account on {site().title} with this address.",
        ("Make my account", _link("accounts.confirmation", token=token)),
        (f"{BUTTON} The link works for 24 hours.",),
    ).letter(by, now)


def known_address(by: Viewer, now: datetime) -> Letter:
    """To whose address somebody asked for an account with."""
    return _Asked(
        "you have an account already",
        f"Somebody, presumably you, asked for an account on {site().title} with this address. It has one already.",
        ("Log in", _link("accounts.login")),
        ("If you have forgotten the password, follow the link Forgot your password? on that page.",),
    ).letter(by, now)


def reset(token: str, by: Viewer, now: datetime) -> Letter:
    """To who asked for a link to set a new password."""
    return _Asked(
        "set a new password",
        f"Somebody, presumably you, asked for a link to set a new password for your account on {site().title}.",
        ("Set a new password", _link("accounts.reset", token=token)),
        ("The link works once, within 60 minutes; a newer one takes its place. A second factor stays as it is.",),
    ).letter(by, now)


def no_account(by: Viewer, now: datetime) -> Letter:
    """To an address that somebody thought had an account, or one that may log in."""
    return _Asked(
        "no account with this address",
        f"Somebody, presumably you, asked for a link to set a new password on {site().title}. With this address "
        "there is no account that can log in.",
        ("Try another address", _link("accounts.forgot")),
        ("Perhaps your account has another address: try that one.",),
    ).letter(by, now)


def new_address(token: str, by: Viewer, now: datetime) -> Letter:
    """To the address that somebody wants for their account."""
    return _Asked(
        "confirm your new e-mail address",
        f"Somebody, presumably you, wants this to be the address of their account on {site().title}.",
        ("Use this address", _link("accounts.new_address", token=token)),
        (f"{BUTTON} The link works for 24 hours.",),
    ).letter(by, now)


def address_taken(by: Viewer, now: datetime) -> Letter:
    """To the address that somebody wants for their account, and that another one has."""
    return _Asked(
        "this address has an account",
        f"Somebody, presumably you, wants this to be the address of another account on {site().title}. Your own "
        "account has it, so it stays with that.",
        ("Log in", _link("accounts.login")),
        ("An address belongs to one account. Give this account another address first if you want it for the other.",),
    ).letter(by, now)


def address_changed(undo: str, by: Viewer, now: datetime) -> Letter:
    """To the address that an account had until now."""
    return Letter(
        _subject("your e-mail address was changed"),
        (
            f"Your account on {site().title} has another e-mail address since {date_and_time(now)}{_place(by)}.",
            "It was you? Then there is nothing to do. It was not? Then take it back:",
        ),
        ("Take the change back", _link("accounts.undo_address", token=undo)),
        (f"That puts this address back and logs every device out. {BUTTON} The link works for 7 days.",),
    )


def address_changed_by_owner(now: datetime) -> Letter:
    """To the address that an account had until the owner of the blog wrote down another one."""
    told = f"The owner of {site().title} gave your account there another e-mail address on {date_and_time(now)}."
    return Letter(_subject("your e-mail address was changed"), (told,), None, (ASK_THE_OWNER,))


def change(action: str, user_id: int, by: Viewer, now: datetime) -> Letter:
    """That something about the reader's account has changed: what, when, and by whom or from where."""
    what = CHANGES.get(action, audit.ACTIONS[action])
    who, advice = _origin(user_id, by)
    return Letter(
        _subject(_lower(what).partition(",")[0].partition(";")[0]),
        (f"{what}.", f"{date_and_time(now)}{who}."),
        ("Look at your account", _link("accounts.security")),
        (advice,),
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _origin(user_id: int, by: Viewer) -> tuple[str, str]:
    # Where somebody else was who did it is nothing that the reader need know.
    if by.user_id is not None and by.user_id != user_id:
        return f", by the owner of {site().title}", ASK_THE_OWNER
    if by.user_id is None and not by.address:
        return ", by a command on the computer that the blog runs on", ASK_THE_OWNER
    return _place(by), NOT_YOU
