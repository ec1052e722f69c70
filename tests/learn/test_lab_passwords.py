"""Somebody tries how passwords fall: the weak ones everywhere they are cheap to guess, the strong ones nowhere."""

import hashlib
from collections.abc import Iterator

import pytest

from homeport.accounts.passwords import COST, hasher
from homeport.learn import labs_passwords
from homeport.learn.labs_passwords import Attack, Outcome, Store
from tests.learn.labs import Terminal, terminal

SECONDS = 6.0  # for as many guesses as 250 words make; they take about one
FACTOR = 1000
"""Argon2id against MD5: the memory alone makes it more than ten thousand; what is left is for a busy machine."""


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal]]:
    """The lab, once, with a small list."""
    with terminal() as (say, kept):
        yield labs_passwords.run(say, SECONDS, 250), kept


def test_the_crack_finds_the_weak_ones_and_not_the_strong_ones(ran: tuple[Outcome, Terminal]) -> None:
    outcome, _ = ran
    for name in ("MD5", "SHA-256, salted"):
        found = outcome.attacks[name]
        assert found.is_through or set(found.fallen) == outcome.weak, "it was not given the time to guess everything"
        assert set(found.fallen) == outcome.weak
    assert not set(outcome.attacks["this blog"].fallen) & outcome.strong
    assert set(outcome.attacks["plain text"].fallen) == outcome.weak | outcome.strong


def test_a_guess_at_this_blog_is_dear(ran: tuple[Outcome, Terminal]) -> None:
    attacks = ran[0].attacks
    assert attacks["this blog"].hashes >= 1
    assert attacks["MD5"].rate > FACTOR * attacks["this blog"].rate


def test_the_blog_would_have_refused_the_weak_ones_and_them_alone(ran: tuple[Outcome, Terminal]) -> None:
    outcome, _ = ran
    assert outcome.refused == outcome.weak


def test_the_hashes_are_the_blogs_own(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert f"$argon2id$v=19$m={COST.memory},t={COST.passes},p={COST.lanes}$" in kept.text
    assert labs_passwords.opens(hasher.hash("a guess"), "a guess")
    assert not labs_passwords.opens(hasher.hash("a guess"), "another guess")


def test_what_is_quoted_is_marked_and_has_its_source(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert "Quoted, not measured here" in kept.text
    assert labs_passwords.CARD_SOURCE in kept.text
    assert "What to remember" in kept.text
    assert "What this lab does not show" in kept.text
    assert max(map(len, kept.lines)) <= 80


def test_salt_has_each_person_attacked_alone() -> None:
    same = {"Ben": "0" * 32 + "$x", "Cora": "1" * 32 + "$x", "Dan": "2" * 32 + "$x"}
    alone = labs_passwords.attack(Store("salted", same, lambda _row, _guess: False), iter(["a", "b"]), SECONDS)
    md5 = {name: hashlib.md5(b"b").hexdigest() for name in same}
    at_once = labs_passwords.attack(
        Store("MD5", md5, str.__eq__, lambda guess: hashlib.md5(guess.encode()).hexdigest()), iter(["a", "b"]), SECONDS
    )
    assert (alone.hashes, at_once.hashes) == (6, 2)
    assert {name: number for name, (_, _, number) in at_once.fallen.items()} == dict.fromkeys(same, 2)


def test_it_ends_when_the_time_is_over() -> None:
    times = iter(range(100))
    found: Attack = labs_passwords.attack(
        Store("any", {"Gina": "?"}, lambda _row, _guess: False), iter(["a"] * 90), 5.0, lambda: float(next(times))
    )
    assert not found.is_through
    assert found.guesses == 4
