"""What an import did, file by file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a file."""

    CREATED = "came in"
    UPDATED = "updated"
    UNCHANGED = "already here"
    KEPT = "left alone"
    SKIPPED = "not a post"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One file. `reason` says why it did not come in, `remarks` what is missing in it although it did."""

    file: str
    outcome: Outcome
    reason: str = ""
    remarks: tuple[str, ...] = ()


@dataclass
class Report:
    """Every file's entry, in the order in which they were finished, and the number of pictures."""

    entries: list[Entry] = field(default_factory=list)
    pictures: set[str] = field(default_factory=set)

    def add(self, file: str, outcome: Outcome, reason: str = "", remarks: tuple[str, ...] = ()) -> None:
        """Note what became of a file."""
        self.entries.append(Entry(file, outcome, reason, remarks))

    def count(self, outcome: Outcome) -> int:
        """How many files ended so."""
        return Counter(entry.outcome for entry in self.entries)[outcome]

    def summary(self) -> list[tuple[str, int]]:
        """Each outcome that occurred, with its number of files."""
        return [(outcome.value, self.count(outcome)) for outcome in Outcome if self.count(outcome)]

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """(file, outcome, what to know) for every file that did not simply come in; failures first, then by name."""
        for entry in sorted(self.entries, key=lambda entry: (entry.outcome is not Outcome.FAILED, entry.file)):
            if entry.reason:
                yield entry.file, entry.outcome.value, entry.reason
            for remark in entry.remarks:
                yield entry.file, entry.outcome.value, remark
