"""Lab `passwords`: the same people's passwords kept in four ways, and an attack with a word list on each."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerificationError

from homeport.accounts import service as accounts
from homeport.accounts.models import User
from homeport.core.clock import now
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import SYSTEM, Role
from homeport.core.lazily import Lazy
from homeport.core.site import site
from homeport.learn.amounts import amount, duration
from homeport.learn.labs_scene import Person, blog, move_in, scratch
from homeport.learn.labs_story import Say

_lists = Lazy("zxcvbn.frequency_lists")  # 14 MB

ENDINGS = ("", "1", "12", "123", "1234", "!", "1!", "123!", "01", "7", "69", "99", *map(str, range(2000, 2027)))
LEET = str.maketrans("aeios", "43105")
MD5_CARD, SHA256_CARD = 164.1e9, 21_975.5e6
"""Hashcat's modes 0 (MD5) and 1400 (SHA-256); its modes for salted SHA-256 are within a hundredth of the latter."""
CARD = "one NVIDIA RTX 4090, hashcat 6.2.6 (benchmark of S. Croley)"
CARD_SOURCE = "https://gist.github.com/Chick3nman/32e662a5bb63bc4f51b847bb422222fd"
CARD_BANDWIDTH = 1008e9
"""Bytes a second between that card's memory and its chip: 384 bit at 21 Gbit/s each."""


@dataclass(frozen=True)
class Store:
    """One way to keep passwords: its name, what stands in the table for each person, and how a thief tests a guess.

    `shared`: one computation tests a guess on everybody at once, since equal passwords look equal.
    """

    name: str
    rows: dict[str, str]
    compute: Callable[[str, str], bool]
    shared: Callable[[str], str] | None = None


@dataclass
class Attack:
    """What came of attacking a store: computations done, in how many seconds, and who fell when (seconds, guesses)."""

    store: str
    hashes: int = 0
    guesses: int = 0
    seconds: float = 0.0
    is_through: bool = False
    fallen: dict[str, tuple[str, float, int]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Computations a second, measured."""
        return self.hashes / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Outcome:
    """The whole lab: who the blog would have refused, and the attacks in order."""

    weak: frozenset[str]
    strong: frozenset[str]
    refused: frozenset[str]
    attacks: dict[str, Attack]
    candidates: int


def words(count: int) -> list[str]:
    """The passwords people choose most, the commonest first, then names: zxcvbn's own lists, as they are installed."""
    lists = _lists.FREQUENCY_LISTS
    return list(dict.fromkeys([*lists["passwords"][:count], *lists["female_names"][: count // 4]]))


def candidates(known: Sequence[str]) -> Iterator[str]:
    """Guesses in the order of a thief who knows people: the words, then what everybody does to a word."""
    for change in (str, str.capitalize, lambda word: word.translate(LEET)):
        for ending in ENDINGS:
            for word in known:
                yield change(word) + ending


def cast(known: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The made-up people with weak passwords, and those with strong ones, each with the password."""
    plain = [word for word in known[:200] if word.isalpha() and len(word) > 5]
    weak = {
        "Anna Quell": known[1],
        "Ben Orth": plain[4],
        "Cora Falk": plain[4],
        "Dan Weber": plain[7].capitalize() + "2024",
        "Edda Roth": plain[9].translate(LEET) + "!",
    }
    pool = _lists.FREQUENCY_LISTS["english_wikipedia"][2000:12000]
    strong = {
        "Finn Maar": " ".join(secrets.choice(pool) for _ in range(6)),
        "Gina Sand": secrets.token_urlsafe(18),
    }
    return weak, strong


def stores(people: Sequence[Person], hashes: dict[str, str]) -> list[Store]:
    """The four tables. `hashes` are what the blog itself has stored."""
    salts = {person.name: secrets.token_hex(16) for person in people}

    def salted(password: str, salt: str) -> str:
        return hashlib.sha256((salt + password).encode()).hexdigest()

    def md5(password: str) -> str:
        return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()

    plain = {person.name: person.password for person in people}
    sha = {name: f"{salts[name]}${salted(word, salts[name])}" for name, word in plain.items()}
    return [
        Store("plain text", {person.name: person.password for person in people}, str.__eq__, str),
        Store(
            "MD5", {person.name: md5(person.password) for person in people}, lambda row, guess: row == md5(guess), md5
        ),
        Store("SHA-256, salted", sha, lambda row, guess: row[33:] == salted(guess, row[:32])),
        Store("this blog", hashes, opens),
    ]


def opens(stored: str, guess: str) -> bool:
    """Whether a guess is the password, found out as a thief does at home: cost and salt stand in the stored hash."""
    try:
        return PasswordHasher().verify(stored, guess)
    except VerificationError:
        return False


def attack(store: Store, guesses: Iterator[str], seconds: float, clock: Callable[[], float] = perf_counter) -> Attack:
    """Guess until the time is over, the guesses are used up or everybody has fallen."""
    found, begun = Attack(store.name), clock()
    left = dict(store.rows)
    for guess in guesses:
        found.seconds = clock() - begun
        if not left or found.seconds >= seconds:
            return found
        found.guesses += 1
        for name in _tried(store, left, guess, found):
            found.fallen[name] = (guess, clock() - begun, found.guesses)
            del left[name]
    found.seconds, found.is_through = clock() - begun, True
    return found


def _tried(store: Store, left: dict[str, str], guess: str, found: Attack) -> list[str]:
    if store.shared is not None:
        found.hashes += 1
        computed = store.shared(guess)
        return [name for name, row in left.items() if row == computed]
    found.hashes += len(left)
    return [name for name, row in left.items() if store.compute(row, guess)]


def run(say: Say, seconds: float, count: int = 3000) -> Outcome:
    """The lab: `seconds` for each attack at most, with `count` words."""
    known = words(count)
    weak, strong = cast(known)
    say.scene("Seven made-up people choose passwords")
    with scratch() as folder, blog(folder) as here, here.inside():
        refused = _refusals({**weak, **strong})
        people = [move_in(name, password=password) for name, password in {**weak, **strong}.items()]
        hashes = {person.name: _stored(person) for person in people}
    say.table(
        ("Who", "Password", "What this blog says when it is chosen"),
        [(person.name, person.password, refused.get(person.name, "taken")) for person in people],
    )
    say.tell("For the experiment the refused ones are stored all the same.")
    total = sum(1 for _ in candidates(known))
    attacks = {}
    for store in stores(people, hashes):
        attacks[store.name] = _attacked(say, store, known, seconds, total)
    _compare(say, attacks, hashes["Gina Sand"], total)
    return Outcome(frozenset(weak), frozenset(strong), frozenset(refused), attacks, total)


def _refusals(passwords: dict[str, str]) -> dict[str, str]:
    refused = {}
    for number, (name, password) in enumerate(passwords.items()):
        who = {"name": name, "email": f"try{number}@example.org", "role": Role.READER, "password": password}
        try:
            accounts.add(**who, by=SYSTEM, now=now(), settings=site())  # type: ignore[arg-type]  # a verb's own fields
        except Problem as problem:
            refused[name] = f"refused: {problem.message}"
    return refused


def _stored(person: Person) -> str:
    return db.session.get_one(User, person.id).password_hash or ""


def _attacked(say: Say, store: Store, known: Sequence[str], seconds: float, total: int) -> Attack:
    say.scene(f"Kept as: {store.name}")
    say.raw([f"{name:<11} {row}" for name, row in islice(store.rows.items(), 3)])
    if store.name == "plain text":
        say.works("Nothing to do: whoever reads the table has all seven passwords.")
        row = {name: (password, 0.0, 0) for name, password in store.rows.items()}
        return Attack(store.name, is_through=True, fallen=row)
    found = attack(store, candidates(known), seconds)
    say.figure("guesses computed a second on this machine, one core", amount(found.rate))
    say.figure(f"guesses tried, of {total:,}", f"{found.guesses:,} in {duration(found.seconds)}")
    for name, (password, after, number) in found.fallen.items():
        say.works(f"{name} after {duration(after)}, guess {number:,}: {password}")
    standing = [name for name in store.rows if name not in found.fallen]
    say.fails(f"still standing: {', '.join(standing)}")
    return found


def _compare(say: Say, attacks: dict[str, Attack], stored: str, total: int) -> None:
    md5, sha, ours = attacks["MD5"], attacks["SHA-256, salted"], attacks["this blog"]
    cost = extract_parameters(stored)
    bound = CARD_BANDWIDTH / (2 * cost.memory_cost * 1024 * cost.time_cost)
    say.scene("What that comes to")
    say.figure("MD5 to this blog's Argon2id, guesses a second", f"{amount(md5.rate / ours.rate)} to 1")
    say.figure("all guesses on one person, MD5", duration(total / md5.rate))
    say.figure("all guesses on one person, salted SHA-256", duration(total / sha.rate))
    say.figure("all guesses on one person, this blog", duration(total / ours.rate))
    say.figure("memory for each guess at this blog (read from a stored hash)", f"{cost.memory_cost / 1024:.0f} MiB")
    say.scene("On a rented graphics card")
    say.quoted(
        f"{CARD}",
        f"{MD5_CARD / 1e9:.1f} thousand million MD5 and {SHA256_CARD / 1e9:.1f} thousand million SHA-256 a second",
        CARD_SOURCE,
    )
    say.tell(
        f"Reckoned from the card's memory (quoted: {CARD_BANDWIDTH / 1e9:.0f} GB/s, 384 bit at 21 Gbit/s): each guess "
        f"at this blog writes and reads {cost.memory_cost / 1024:.0f} MiB {cost.time_cost} times, so the card can do "
        f"no more than {amount(bound)} a second, {amount(MD5_CARD / bound)} times fewer than MD5."
    )
    say.remember(
        "A table of passwords is only as safe as one guess is expensive. MD5 and SHA-256 were made to be fast.",
        "Salt makes equal passwords look different and has each person attacked alone; it does not make a guess dear.",
        "Argon2id makes each guess cost time and memory, for the thief as for the blog.",
        "No way of keeping it saves a password that is among the first to be guessed: that is why this blog refuses "
        "those. A long random one, or six random words, does not fall even as MD5.",
    )
    say.hides(
        "Real crackers have lists of thousands of millions of leaked passwords and better rules; these are "
        f"{total:,} guesses. More people would fall, and sooner.",
        "This is Python on one core. A cracker's program is many times faster at MD5; the ratio would be larger still.",
        "Guessing at the login page, which is slowed down after a few tries, is another thing altogether.",
    )
