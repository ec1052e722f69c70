"""The bench's form: little is asked of what is typed, since requests that are wrong are what it is for."""

import re

from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from homeport.learn.bench import Draft
from homeport.ui.forms import Form, Length

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _one_line(_form: Form, field: StringField) -> None:
    if _CONTROL.search(field.data or ""):
        raise ValidationError("Leave out line breaks and other characters that can't be seen.")


class BenchForm(Form):
    """A request, typed."""

    method = StringField("Method", [InputRequired(), Length(max=20), _one_line])
    path = StringField("Path", [InputRequired(), Length(max=2000), _one_line])
    headers = TextAreaField("Headers, one a line", [Length(max=8000)])
    body = TextAreaField("Body", [Length(max=64_000)])

    @property
    def draft(self) -> Draft:
        """What was typed."""
        return Draft(self.method.data or "", self.path.data or "", self.headers.data or "", self.body.data or "")
