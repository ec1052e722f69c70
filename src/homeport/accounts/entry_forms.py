"""The forms of coming in, of invitations, and of another e-mail address."""

from typing import Any

from wtforms import EmailField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from homeport.accounts.forms import RegisterForm, check_email, check_name
from homeport.accounts.invitations import MOST_DAYS, MOST_USES
from homeport.accounts.passkey_forms import MOST
from homeport.core.http import Role
from homeport.ui.forms import Form, Length


class NewcomerForm(RegisterForm):
    """Somebody new, who brings a password or, in its place, a passkey."""

    credential = HiddenField()

    def answer(self) -> str:
        """The passkey that the browser made, as JSON; empty without one."""
        sent = self.credential.data or ""
        return sent if len(sent) <= MOST else ""

    def validate(self, extra_validators: Any = None) -> bool:
        """As ever, but that a passkey needs no password beside it."""
        if self.answer():
            self.password.validators = []
        return bool(super().validate(extra_validators))


class InvitedForm(NewcomerForm):
    """Somebody new who holds an invitation."""

    token = HiddenField()


class WhoForm(Form):
    """Who wants to make a passkey, while there is no account yet."""

    token = HiddenField()
    name = StringField("Your name", [InputRequired(), Length(max=80), check_name])
    email = EmailField("E-mail address", [InputRequired(), Length(max=254), check_email])


class LinkForm(Form):
    """The one button on the page that a mailed link opens."""

    token = HiddenField()


class ForgotForm(Form):
    """Whose password is forgotten."""

    email = EmailField(
        "E-mail address",
        [InputRequired(), Length(max=254), check_email],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class AddressForm(Form):
    """Another address for one's account."""

    email = EmailField(
        "New e-mail address",
        [InputRequired(), Length(max=254), check_email],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


class TheirAddressForm(Form):
    """Another address for somebody else's account."""

    email = EmailField(
        "E-mail address", [InputRequired(), Length(max=254), check_email], render_kw={"autocomplete": "off"}
    )


class InvitationForm(Form):
    """An invitation to be made."""

    role = SelectField(
        "They become",
        choices={
            "reader": "Reader: has an account, and writes nothing",
            "author": "Author: writes posts of their own",
            "editor": "Editor: changes everybody’s posts",
        },
        default="reader",
    )
    uses = IntegerField(
        "How many people",
        [InputRequired(), NumberRange(1, MOST_USES)],
        default=1,
        description=f"From 1 to {MOST_USES}. Whoever has the link can use it.",
        render_kw={"inputmode": "numeric", "min": 1, "max": MOST_USES},
    )
    days = IntegerField(
        "For how many days",
        [InputRequired(), NumberRange(1, MOST_DAYS)],
        default=7,
        description=f"From 1 to {MOST_DAYS}.",
        render_kw={"inputmode": "numeric", "min": 1, "max": MOST_DAYS},
    )
    note = StringField(
        "Note for yourself",
        [Optional(), Length(max=200), check_name],
        default="",
        description="For whom it is, say. Nobody else sees it.",
    )

    def chosen(self) -> Role:
        """The role that was chosen."""
        return Role[str(self.role.data).upper()]
