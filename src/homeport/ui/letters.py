"""Letters: a mail's words, set as plain text and as HTML by one template each.

`ui/letter.txt` and `ui/letter.html` hold the form, features hold the words. A letter has one link at most, so that its
reader knows what to do.
"""

from dataclasses import dataclass

from flask import render_template


@dataclass(frozen=True)
class Letter:
    """What a mail says: paragraphs, then the link as its words and its address, then what is good to know."""

    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    after: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As plain text."""
        return render_template("ui/letter.txt", letter=self)

    @property
    def html(self) -> str:
        """As HTML."""
        return render_template("ui/letter.html", letter=self)
