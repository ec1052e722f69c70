"""The form for a new API token."""

from typing import Any

from wtforms import BooleanField, RadioField, StringField, ValidationError
from wtforms.validators import InputRequired

from homeport.accounts.api_tokens import DAYS
from homeport.accounts.forms import check_name
from homeport.core.programs import READ, SCOPES, WRITE
from homeport.ui.forms import Form, Length

LIFETIMES = {str(days): "A year" if days == 365 else f"{days} days" for days in DAYS}


class TokenForm(Form):
    """What a token is called, what it may do, and for how long."""

    name = StringField("Name", [InputRequired(), Length(max=80), check_name], render_kw={"autocomplete": "off"})
    read = BooleanField(SCOPES[READ], default=True)
    write = BooleanField(SCOPES[WRITE])
    days = RadioField("It works for", choices=LIFETIMES, default="30")

    def validate_write(self, _field: Any) -> None:
        """A token that may do nothing is a mistake."""
        if not self.scopes():
            raise ValidationError("Choose at least one thing that the token may do.")

    def scopes(self) -> list[str]:
        """What was chosen."""
        return [scope for field, scope in ((self.read, READ), (self.write, WRITE)) if field.data]
