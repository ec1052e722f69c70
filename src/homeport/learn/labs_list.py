"""Which labs there are, and a sentence about each: for the command, and for the page, which loads no lab."""

from typing import NamedTuple


class Lab(NamedTuple):
    """A lab's name, its title on a page, and what it shows in a sentence."""

    name: str
    title: str
    shows: str

    @property
    def command(self) -> str:
        """What to type."""
        return f"homeport lab {self.name}"


LABS = {
    lab.name: lab
    for lab in (
        Lab(
            "mitm",
            "The man in the middle",
            "Somebody sits in between: over HTTP, over HTTPS, forging, and taking HTTPS away.",
        ),
        Lab("passwords", "Passwords in four ways", "The same passwords kept in four ways, and an attack on each."),
        Lab("leak", "The database got out", "The database got out: what each column tells, what opens, what to do."),
        Lab(
            "sessions",
            "Into somebody's login",
            "Fixation, theft, guessing, cross-site posting, replayed codes: here and on a weak copy.",
        ),
        Lab(
            "background",
            "The plug is pulled",
            "A thousand mails by a thread and by a job; the plug is pulled in the middle.",
        ),
        Lab(
            "port80",
            "Port 80 never arrives",
            "A router drops port 80: what a reader gets, and three ways to a certificate. Without root: a recording.",
        ),
    )
}
"""By name, in the order in which they are best done."""
