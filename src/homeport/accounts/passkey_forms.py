"""The forms in which passkeys come, as JSON in a hidden field that the script fills."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from homeport.accounts.forms import check_name
from homeport.ui.forms import Form, Length

MOST = 20_000  # characters; a passkey whose maker attests to it takes about 8,000


def _name() -> StringField:
    hints = {"autocomplete": "off"}
    help_ = "So that you can tell it from your others. Nobody else sees it."
    return StringField("Name", [InputRequired(), Length(max=80), check_name], description=help_, render_kw=hints)


class PasskeyForm(Form):
    """A passkey that was used, and where to go afterwards."""

    next = HiddenField()
    credential = HiddenField()

    def answer(self) -> str:
        """What the browser sent; empty where it is no passkey at all."""
        sent = self.credential.data or ""
        return sent if len(sent) <= MOST else ""


class NewPasskeyForm(PasskeyForm):
    """A passkey that was made, and what its owner calls it."""

    name = _name()


class PasskeyNameForm(Form):
    """Another name."""

    name = _name()
