"""A class as a teacher has it: a list of names and addresses, typed, or copied from a spreadsheet or a mail program."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from homeport.accounts import service as accounts
from homeport.core.errors import Problem

MOST = 100
"""Lines that are taken at once."""

_IN_BRACKETS = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>[\s,;]*")
_AFTER_BRACKETS = re.compile(r"(?<=>)[\s,;]+")
_HEADINGS = re.compile(r"\b(e-?mail|mail|name|address|adresse)\b", re.IGNORECASE)
_NOTHING_BUT_HEADINGS = re.compile(
    r"\W*(?:(?:e-?mail|mail|name|first|last|surname|vorname|nachname|address|adresse)\W*)+", re.IGNORECASE
)
_BETWEEN = ("\t", ";", ",")


@dataclass(frozen=True)
class Entry:
    """Somebody on the list, and the line they stand on, counted from 1."""

    line: int
    name: str
    email: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, as a sentence."""

    line: int
    sentence: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"Line {self.line}: {self.sentence}"


def read(text: str) -> tuple[list[Entry], list[Fault]]:
    """Everybody on a list, and what is wrong with it.

    A line holds a name and an address, in either order, with a comma, semicolon or tab between them, or the address
    in angle brackets (RFC 5322, 3.4). Empty lines are passed over, and lines of headings, which may
    also stand below what was typed, at the beginning of a file.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    for number, line in _lines(text):
        try:
            entries.append(_entry(number, line, entries))
        except Problem as problem:
            faults.append(Fault(number, problem.message))
    if len(entries) > MOST:
        faults.append(Fault(entries[MOST].line, f"at most {MOST} people at a time; take the rest afterwards."))
    return entries, faults


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        is_heading = _HEADINGS.search(line) if number == 1 else _NOTHING_BUT_HEADINGS.fullmatch(line)
        if line.strip(" \t,;\ufeff") and ("@" in line or not is_heading):
            # Addresses of one mail stand on one line, each in brackets.
            yield from ((number, part) for part in _AFTER_BRACKETS.split(line.strip("\ufeff")) if part.strip(" ,;"))


def _entry(number: int, line: str, before: list[Entry]) -> Entry:
    name, email = _split(line)
    if not email:
        raise Problem("there is no e-mail address. Write it as: Ada Lovelace, ada@example.org")
    email = accounts.email_address(email)
    if not name:
        raise Problem(f"the name is missing. Write it as: Ada Lovelace, {email}")
    if twin := next((entry for entry in before if entry.email == email), None):
        raise Problem(f"{email} stands on line {twin.line} already.")
    return Entry(number, accounts.plain_name(name), email)


def _split(line: str) -> tuple[str, str]:
    """The name and the address, as far as they are there. Raises Problem for two addresses."""
    if found := _IN_BRACKETS.fullmatch(line):
        return " ".join(found["name"].split()).strip(' ",;'), found["email"].strip()
    between = next((sign for sign in _BETWEEN if sign in line), None)
    fields = next(csv.reader([line], delimiter=between)) if between else line.rsplit(maxsplit=1)
    fields = [" ".join(field.split()) for field in fields]
    emails = [field for field in fields if "@" in field]
    if len(emails) > 1:
        raise Problem("there is more than one address; write each person on a line of their own.")
    email = emails[0] if emails else ""
    return " ".join(field for field in fields if field and field != email), email
