"""The forms of the class room's pages."""

from typing import Any

from wtforms import BooleanField, FileField, RadioField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from homeport.accounts.service import GRACE
from homeport.core.http import Role
from homeport.learn import class_list, class_service
from homeport.learn.class_list import Entry, Fault
from homeport.ui.forms import Form, Length

MOST_BYTES = 100_000
ROLES = {
    "author": "Authors: each writes posts of their own",
    "reader": "Readers: each learns, and writes nothing that others see",
}
ENDS = {
    "dismiss": f"The class leaves: its accounts are deleted in {GRACE.days} days, with all that they wrote",
    "anew": "The class begins anew: people, accounts and posts stay, progress is forgotten",
    "part": "The class is over: everybody keeps account, posts and progress",
}


class InviteForm(Form):
    """A list of people, typed or from a file; what was right about it is in `entries`."""

    people = TextAreaField(
        "Names and addresses",
        [Length(max=MOST_BYTES)],
        render_kw={"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"},
    )
    file = FileField("Or a file", render_kw={"accept": ".csv,.txt,text/csv,text/plain"})
    role = RadioField("They become", choices=ROLES, default="author")
    mail = BooleanField("Write to each of them, with their link")
    is_too_large = False
    entries: list[Entry]
    faults: tuple[Fault, ...] | list[Fault] = ()

    def read_file(self, content: bytes) -> None:
        """Put what a file holds below what was typed, so that it can be seen and mended."""
        self.is_too_large = len(content) > MOST_BYTES
        if content and not self.is_too_large:
            self.people.data = "\n".join(part for part in (self.people.data, _text(content)) if part)

    def validate_people(self, field: Any) -> None:
        """Each line is somebody who can be invited."""
        if self.is_too_large:
            return  # said of the file
        self.entries, faults = class_list.read(field.data or "")
        unfit = class_service.unfit(self.entries[: class_list.MOST])
        self.faults = sorted([*faults, *unfit], key=lambda fault: fault.line)
        if self.faults:
            raise ValidationError("Nobody is invited yet. Mend these lines, and send the list again.")
        if not self.entries:
            raise ValidationError("Write at least one name with an address, or choose a file.")

    def validate_file(self, _field: Any) -> None:
        """It is small enough."""
        if self.is_too_large:
            raise ValidationError(f"The file is larger than {MOST_BYTES // 1000} kB, so it is no list of a class.")

    def chosen(self) -> Role:
        """The role that was chosen."""
        return Role[str(self.role.data).upper()]


class EndForm(Form):
    """What becomes of the class."""

    what = RadioField("What becomes of it", [InputRequired()], choices=ENDS)
    close = BooleanField("Close the class room too, unless it begins anew", default=True)


def _text(content: bytes) -> str:
    # What spreadsheets save: UTF-8 with or without a mark, UTF-16 with one, or the letters of Windows.
    for encoding in ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
