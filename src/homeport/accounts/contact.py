"""What somebody may be called, and where mail reaches them: the same rules for a form and for a list."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from homeport.core.errors import Problem

MOST_OF_NAME, MOST_OF_EMAIL = 80, 254
"""Characters; of an address as RFC 5321, 4.5.3.1.3 has it."""


def plain_name(text: str) -> str:
    """A name people can read, without blanks around it. Raises Problem 422 for an empty one, a long one, control
    characters, and what turns the direction of the text around it."""
    name = text.strip()
    if not name:
        raise _wrong("Fill the name in.")
    if len(name) > MOST_OF_NAME:
        raise _wrong(f"Use at most {MOST_OF_NAME} characters for the name.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} and char not in "\u200c\u200d" for char in name):
        raise _wrong("Leave out line breaks and invisible characters.")
    return name


def email_address(text: str) -> str:
    """An address mail can be sent to, in small letters, as far as one can tell from looking; `olga@localhost` is one
    too. Raises Problem 422 for anything else."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise _wrong("Enter an e-mail address like name@example.org.") from None
    if "." not in found.domain and found.domain != "localhost":
        raise _wrong("The part after the @ is not complete; it looks like example.org.")
    if len(found.normalized) > MOST_OF_EMAIL:
        raise _wrong(f"Use at most {MOST_OF_EMAIL} characters for the address.")
    return found.normalized.lower()


def _wrong(sentence: str) -> Problem:
    return Problem(sentence, status=422, code="invalid")
