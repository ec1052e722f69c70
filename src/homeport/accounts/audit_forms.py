"""The form that narrows the audit log; it is sent by GET, so that what one looks at has an address."""

from datetime import date
from typing import Any

from wtforms import DateField, SelectField, StringField, ValidationError
from wtforms.validators import Optional

from homeport.accounts.audit_sentences import GROUPS
from homeport.ui.forms import Form, Length

FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)


def check_day(_form: Any, field: Any) -> None:
    """A day that can have a log, in every time zone."""
    if field.data and not FIRST <= field.data <= LAST:
        raise ValidationError("Enter a date of this century.")


class LogForm(Form):
    """Whose events, of which kind, from which day to which."""

    person = StringField("Person", [Optional(), Length(max=254)], default="")
    group = SelectField("About", [Optional()], choices={"": "Everything", **GROUPS}, default="")
    since = DateField("From", [Optional(), check_day])
    until = DateField("To", [Optional(), check_day])

    def asked(self) -> dict[str, str]:
        """What was filled in, as an address carries it."""
        values = {name: field.data for name, field in self._fields.items()}
        return {name: str(value) for name, value in values.items() if value}
