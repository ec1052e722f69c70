"""The form that all features' forms derive from.

WTForms without Flask-WTF: forgery protection is the request's affair (`core.csrf`), not each form's. Here a form takes
away stray blanks, keeps what was typed when something is wrong, and says what to do in plain sentences.
"""

from collections.abc import Callable, MutableMapping
from typing import Any

from wtforms import Field, PasswordField, StringField, TextAreaField, validators
from wtforms import Form as WTForm
from wtforms.meta import DefaultMeta
from wtforms.validators import StopValidation, ValidationError

from homeport.core.errors import Problem

# WTForms' own sentences, in words that say what to do.
SENTENCES = {
    "This field is required.": "Fill this in.",
    "Not a valid choice.": "Choose one of the options.",
    "Not a valid choice": "Choose one of the options.",
    "Invalid email address.": "Enter an email address like name@example.org.",
    "Invalid URL.": "Enter a complete address that starts with https:// or http://.",
    "Not a valid integer value.": "Enter a whole number.",
    "Not a valid decimal value.": "Enter a number.",
    "Not a valid float value.": "Enter a number.",
    "Not a valid datetime value.": "Enter a date and a time, as 2026-11-22 18:30.",
    "Not a valid date value.": "Enter a date, as 2026-11-22.",
    "Not a valid time value.": "Enter a time, as 18:30.",
    "Invalid input.": "This can't be used. Check it and try again.",
    "Field cannot be longer than %(max)d character.": "Use at most %(max)d character.",
    "Field cannot be longer than %(max)d characters.": "Use at most %(max)d characters.",
    "Field must be at least %(min)d character long.": "Use at least %(min)d character.",
    "Field must be at least %(min)d characters long.": "Use at least %(min)d characters.",
    "Field must be between %(min)d and %(max)d characters long.": "Use %(min)d to %(max)d characters.",
    "Field must be exactly %(max)d character long.": "Use exactly %(max)d character.",
    "Field must be exactly %(max)d characters long.": "Use exactly %(max)d characters.",
    "Number must be at least %(min)s.": "Enter %(min)s or more.",
    "Number must be at most %(max)s.": "Enter %(max)s or less.",
    "Number must be between %(min)s and %(max)s.": "Enter a number from %(min)s to %(max)s.",
}


class _PlainSentences:
    """Stands where WTForms expects translations."""

    def gettext(self, string: str) -> str:
        return SENTENCES.get(string, string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


_SENTENCES = _PlainSentences()


def strip(value: str | None) -> str | None:
    """`value` without blanks around it, and without the NUL that no database stores."""
    return value.replace("\0", "").strip() if isinstance(value, str) else value


def plain_newlines(value: str | None) -> str | None:
    r"""`value` without NUL and with `\n` for the `\r\n` that browsers send, so that texts compare equal."""
    return value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def _filter_for(field: Field) -> Callable[[str | None], str | None] | None:
    # A password may begin with a blank, and Markdown may begin with an indented line: these are left as typed.
    if isinstance(field, PasswordField):
        return None
    if isinstance(field, TextAreaField):
        return plain_newlines
    return strip if isinstance(field, StringField) else None


class Length(validators.Length):
    """WTForms' own, but the last check of a field that is too long: those after it may cost more than its length."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation for a text of another length."""
        try:
            super().__call__(form, field)
        except ValidationError as error:
            raise StopValidation(str(error)) from None


class Form(WTForm):
    """A form of one page: `form = SomeForm(request.form); if form.validate(): ...`."""

    class Meta(DefaultMeta):
        """How fields are made and errors are worded."""

        def bind_field(self, form: Any, unbound_field: Any, options: MutableMapping[str, Any]) -> Any:
            """The field, with the filter that fits its kind before those that the form declares."""
            field = super().bind_field(form, unbound_field, options)
            own = _filter_for(field)
            if own is not None:
                field.filters = (own, *field.filters)
            return field

        def get_translations(self, form: Any) -> Any:  # noqa: ARG002 (WTForms' signature)
            """Our sentences in the place of a translation."""
            return _SENTENCES

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Fill the fields. What InputRequired looks at is the text without its blanks too."""
        super().process(*args, **kwargs)
        for field in self:
            if field.raw_data and _filter_for(field) is strip:
                field.raw_data = [field.data]

    def add_problem(self, problem: Problem, field: str | None = None) -> None:
        """Show a service's `problem` at `field`, or above the form when it belongs to no single field."""
        sentence = " ".join(part for part in (problem.message, problem.hint) if part)
        if field is None:
            self.form_errors = [*self.form_errors, sentence]
        else:
            self[field].errors = [*self[field].errors, sentence]

    def problems(self) -> list[tuple[str, str]]:
        """All errors in the order of the page: pairs of the field's id (empty: the whole form) and a sentence."""
        found = [("", str(error)) for error in self.form_errors]
        for field in self:
            found += [(field.id, f"{field.label.text}: {error}") for error in field.errors]
        return found
