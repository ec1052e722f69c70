"""The experiment of chapter 6: a made-up password, kept in four ways, twice each."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from wtforms import StringField
from wtforms.validators import InputRequired

from homeport.accounts import service as accounts
from homeport.learn.amounts import amount, duration
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.ui.forms import Form, Length

MOST = 60
ROUNDS = 2000
"""How often a quick way is measured, so that the clock is no part of it."""
GUESSES = 1_000_000


class MadeUpForm(Form):
    """A password that opens nothing."""

    made_up_password = StringField(
        "A made-up password",
        [InputRequired(), Length(max=MOST)],
        default="correct horse battery",
        description="Never one that you use anywhere: it will stand on the page.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


@dataclass(frozen=True)
class Kept:
    """One way to keep a password: what Anna's and Ben's rows hold, who both chose it, and what one go costs."""

    name: str
    rows: tuple[str, str]
    seconds: float
    meaning: str

    @property
    def looks_equal(self) -> bool:
        """Whether the table tells that two people chose the same."""
        return self.rows[0] == self.rows[1]

    @property
    def once(self) -> str:
        """What computing one takes, in words."""
        return (
            duration(self.seconds) if self.seconds >= 0.001 else f"{amount(self.seconds * 1e6)} millionths of a second"
        )

    @property
    def guessing(self) -> str:
        """How long a million guesses take on this machine, one after the other."""
        return duration(self.seconds * GUESSES) if self.seconds else "no guess is needed"


@dataclass(frozen=True)
class Piece:
    """A part of a stored hash, and what it says."""

    text: str
    meaning: str


@experiment("keep-password", title="One password, kept in four ways", button="Keep it", fields=MadeUpForm)
def keep_password(form: Fields, _seen: Context) -> Outcome:
    """The four ways, measured, and the blog's own taken apart."""
    ways = kept(form["made_up_password"])
    return "learn/experiments/keep_password.html", {
        "ways": ways,
        "pieces": pieces(ways[-1].rows[0]),
        "ratio": amount(ways[-1].seconds / ways[1].seconds),
    }


def kept(password: str) -> list[Kept]:
    """What each way makes of a password. The last one is how this blog does it, by its own verb."""
    salts = secrets.token_hex(16), secrets.token_hex(16)
    sha256, salted = _measured(lambda: _salted(password, salts[0]), ROUNDS)
    md5, plain = _measured(lambda: _md5(password), ROUNDS)
    ours, slow = _measured(lambda: accounts.hash_password(password), 1)
    return [
        Kept("Plain text", (password, password), 0.0, "Whoever sees the table has everybody's password."),
        Kept("MD5", (md5, md5), plain, "A fast sum. Equal passwords look equal, and many sums are in lists already."),
        Kept(
            "SHA-256 with salt",
            (sha256, f"{salts[1]}${_salted(password, salts[1]).partition('$')[2]}"),
            salted,
            "The salt makes each row look different. The sum is still fast.",
        ),
        Kept("This blog: Argon2id", (ours, accounts.hash_password(password)), slow, "Salt, and slow on purpose."),
    ]


def _measured(work: Callable[[], str], rounds: int) -> tuple[str, float]:
    begun = perf_counter()
    for _ in range(rounds):
        found = work()
    return found, (perf_counter() - begun) / rounds


def _md5(password: str) -> str:
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def _salted(password: str, salt: str) -> str:
    return f"{salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"


def pieces(stored: str) -> list[Piece]:
    """What stands in a stored hash (https://github.com/P-H-C/phc-string-format)."""
    _, kind, version, cost, salt, digest = stored.split("$")
    memory, passes, lanes = (part.partition("=")[2] for part in cost.split(","))
    return [
        Piece(kind, "the recipe, so that a better one can take its place some day"),
        Piece(version, "its version (19 is 1.3)"),
        Piece(
            cost,
            f"the cost: {int(memory) // 1024} MiB of memory, gone over {passes} times, in {lanes} lane",
        ),
        Piece(salt, "the salt: 16 random bytes, new for every password. It is no secret"),
        Piece(digest, "the hash: what comes out of password, salt and cost"),
    ]
