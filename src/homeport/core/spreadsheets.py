"""Tables for spreadsheet programs: CSV (RFC 4180) in which no cell is a formula, whoever wrote what is in it."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

# What a spreadsheet reads as the beginning of a formula, or as white space before one; the wide forms are those of
# East Asian keyboards (OWASP, "CSV injection").
_BEGIN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(cell: str) -> str:
    """`cell` with an apostrophe before it where it would otherwise be read as a formula."""
    return f"'{cell}" if cell.startswith(_BEGIN) else cell


def write_csv(file: TextIO, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a line with the columns' names, then the rows; None becomes an empty cell."""
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([harmless("" if cell is None else str(cell)) for cell in row] for row in rows)
