"""The forms of the account pages. Fields say to password managers what they are for (`autocomplete`)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import InputRequired, Optional

from homeport.accounts.contact import MOST_OF_EMAIL, MOST_OF_NAME, email_address, plain_name
from homeport.accounts.handles import is_handle, normal
from homeport.accounts.passwords import LEAST
from homeport.core import zones
from homeport.core.errors import Problem
from homeport.core.http import Role
from homeport.ui.forms import Form, Length

NEW_PASSWORD_HELP = f"At least {LEAST} characters. A few unrelated words are easy to keep; paste is welcome."


def check_name(_form: Any, field: Any) -> None:
    """A name people can read: no control characters and nothing that turns the direction of the text around it."""
    _said(plain_name, field.data)


def check_email(_form: Any, field: Any) -> None:
    """An address mail can be sent to, as far as one can tell from looking; `olga@localhost` is one too."""
    field.data = _said(email_address, field.data)


def _said(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except Problem as problem:
        raise ValidationError(problem.message) from None


def check_link(_form: Any, field: Any) -> None:
    """A web address: nothing that a browser would run, whoever clicks it."""
    try:
        parts = urlsplit(field.data)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not field.data.isprintable():
        raise ValidationError("Enter a complete address that starts with https:// or http://.")


def check_handle(_form: Any, field: Any) -> None:
    """A handle in its normal form."""
    field.data = normal(field.data)
    if not is_handle(field.data):
        raise ValidationError("Use lower-case letters and digits, joined by hyphens.")


def _name(label: str = "Your name") -> StringField:
    return StringField(
        label, [InputRequired(), Length(max=MOST_OF_NAME), check_name], render_kw={"autocomplete": "name"}
    )


def _email() -> EmailField:
    # "username", not "email": it is what a password manager files the password under.
    hints = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    return EmailField("E-mail address", [InputRequired(), Length(max=MOST_OF_EMAIL), check_email], render_kw=hints)


def _new_password(label: str = "Password") -> PasswordField:
    # No maximum here: a browser would cut a longer password off without a word.
    hints = {"autocomplete": "new-password", "minlength": str(LEAST), "data-reveal": ""}
    return PasswordField(label, [InputRequired()], description=NEW_PASSWORD_HELP, render_kw=hints)


def _present_password(label: str) -> PasswordField:
    return PasswordField(label, [InputRequired()], render_kw={"autocomplete": "current-password", "data-reveal": ""})


def _time_zone() -> SelectField:
    return SelectField("Time zone", choices=zones.by_continent, default="UTC")


class LoginForm(Form):
    """Who are you?"""

    next = HiddenField()
    email = EmailField(
        "E-mail address",
        [InputRequired(), Length(max=254)],
        render_kw={"autocomplete": "username webauthn", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = _present_password("Password")


class RegisterForm(Form):
    """A new reader."""

    name = _name()
    email = _email()
    password = _new_password()


class SetUpForm(Form):
    """The blog and its owner."""

    token = HiddenField()
    title = StringField("The blog’s title", [InputRequired(), Length(max=120), check_name])
    time_zone = _time_zone()
    name = _name()
    email = _email()
    password = _new_password()


class ProfileForm(Form):
    """What somebody says about themselves."""

    display_name = _name("Name")
    handle = StringField(
        "Name in addresses",
        [InputRequired(), Length(max=60), check_handle],
        description="The last part of your page's address. When you change it, the old address stops working.",
        render_kw={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "nickname"},
    )
    bio = TextAreaField("About you", [Optional(), Length(max=2000)], default="", description="Shown with your posts.")
    link = URLField(
        "Your web page", [Optional(), Length(max=500), check_link], default="", render_kw={"autocomplete": "url"}
    )
    time_zone = _time_zone()


class PasswordForm(Form):
    """Another password, of somebody who has just shown who they are."""

    new = _new_password("New password")


def _code() -> StringField:
    # Not type=number, which drops the leading noughts of a code; long enough for a recovery code with its hyphens.
    hints = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "class": "code"}
    return StringField("Code", [InputRequired(), Length(max=40)], render_kw=hints)


class CodeForm(Form):
    """The second step of a login."""

    code = _code()
    trust = BooleanField("Don’t ask for a code on this device for 30 days")


class AppForm(Form):
    """The first code of an authenticator app."""

    code = _code()


class ConfirmForm(Form):
    """Who are you, once more? A form without `password` is for who has none, one without `code` for who needs none."""

    next = HiddenField()
    password = _present_password("Password")
    code = _code()


class ResetForm(Form):
    """A password by a one-time link."""

    token = HiddenField()
    password = _new_password("New password")


def _role() -> SelectField:
    choices = {
        "reader": "Reader: has an account, and writes nothing",
        "author": "Author: writes posts of their own",
        "editor": "Editor: changes everybody's posts",
        "owner": "Owner: may do everything",
    }
    return SelectField("Role", choices=choices, default="reader")


class RoleForm(Form):
    """Another role."""

    role = _role()

    def chosen(self) -> Role:
        """The role that was chosen."""
        return Role[str(self.role.data).upper()]


class PersonForm(RoleForm):
    """Somebody to be added by the owner."""

    name = StringField("Name", [InputRequired(), Length(max=80), check_name], render_kw={"autocomplete": "off"})
    email = EmailField(
        "E-mail address", [InputRequired(), Length(max=254), check_email], render_kw={"autocomplete": "off"}
    )
    role = _role()
