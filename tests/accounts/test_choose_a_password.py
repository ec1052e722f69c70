"""Which passwords may be chosen, and what is kept of them."""

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from flask import Flask
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from homeport.accounts import passwords
from homeport.accounts.passwords import COST, FLOOR, Cost, Hasher, check_new
from homeport.core.config import ConfigError
from homeport.core.errors import Problem
from tests.accounts.acts import NEW_PASSWORD, log_in, reset_token, setup_token, stored_hash
from tests.cast import PASSWORD, Cast
from tests.conftest import Browser

ABOUT = ("A blog at home", "Alice Example", "alice@example.com")
UNGUESSABLE = "xK7vQ2mW9rT4bN8pL3dF6hJ5gS1aZ0cY" * 32


def refused(password: str) -> str:
    with pytest.raises(Problem) as problem:
        check_new(password, ABOUT)
    assert problem.value.code == "weak_password"
    return problem.value.message


def test_what_is_stored_is_argon2id_at_or_above_the_floor() -> None:
    stored = extract_parameters(Hasher().hash(PASSWORD))
    assert stored.type is Type.ID
    assert (stored.memory_cost, stored.time_cost, stored.parallelism) == (COST.memory, COST.passes, COST.lanes)
    assert stored.memory_cost >= 19456
    assert stored.time_cost >= 2
    assert stored.salt_len >= 16


@pytest.mark.parametrize("cost", [Cost(19455, 2, 1), Cost(47104, 1, 1), Cost(19456, 2, 0)])
def test_the_blog_does_not_start_with_cheap_hashes(cost: Cost) -> None:
    with pytest.raises(ConfigError):
        Hasher(cost)


def test_an_old_hash_is_renewed_at_login(
    app: Flask, everybody: Cast, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hasher", Hasher(Cost(FLOOR.memory + 8, 2, 1)))
    before = stored_hash(app, everybody.alice)
    assert log_in(client, everybody.alice).status_code == 303
    after = stored_hash(app, everybody.alice)
    assert extract_parameters(before).memory_cost == FLOOR.memory
    assert extract_parameters(after).memory_cost == FLOOR.memory + 8
    assert log_in(client, everybody.alice).status_code == 303
    assert stored_hash(app, everybody.alice) == after


@pytest.mark.parametrize(
    ("length", "is_allowed"),
    [(1, False), (7, False), (8, False), (14, False), (15, True), (64, True), (128, True), (1000, True), (1001, False)],
)
def test_length_is_the_only_rule_about_make_up(length: int, is_allowed: bool) -> None:
    password = UNGUESSABLE[:length]
    if is_allowed:
        check_new(password, ABOUT)
    else:
        assert str(passwords.LEAST if length < passwords.LEAST else passwords.MOST) in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "quietlyoverthehills",
        "ΑΒΓ δεζ ηθι κλμ",
        "   seven tired boats",
        "1618033988749894",
    ],
)
def test_no_kinds_of_characters_are_asked_for(password: str) -> None:
    check_new(password, ABOUT)


def test_every_character_counts(hasher: Hasher) -> None:
    first, second = UNGUESSABLE[:119] + "a", UNGUESSABLE[:119] + "b"
    stored = hasher.hash(first)
    assert hasher.matches(stored, first)
    assert not hasher.matches(stored, second)
    assert not hasher.matches(stored, UNGUESSABLE[:119])


def test_two_ways_to_type_an_accent_are_one_password(hasher: Hasher) -> None:
    assert hasher.matches(hasher.hash("cafe\u0301 au lait ce soir"), "caf\u00e9 au lait ce soir")


def test_no_password_opens_an_account_without_one(hasher: Hasher) -> None:
    assert not hasher.matches(None, "")
    assert not hasher.matches(None, PASSWORD)
    assert not hasher.matches("", PASSWORD)
    assert not hasher.matches("no hash at all", PASSWORD)


def test_the_list_is_long_enough() -> None:
    assert len(FREQUENCY_LISTS["passwords"]) >= 3000


@pytest.mark.parametrize("common", FREQUENCY_LISTS["passwords"][:3000:30])
def test_common_passwords_are_refused_in_the_lengths_people_make_of_them(common: str) -> None:
    repeated = common * (passwords.LEAST // len(common) + 1)
    assert "guessed" in refused(repeated)


@pytest.mark.parametrize("common", [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.LEAST])
def test_common_passwords_of_full_length_are_refused(common: str) -> None:
    assert "guessed" in refused(common)


@pytest.mark.parametrize(
    "password",
    [
        "A blog at home!!",
        "ablogathomeablogathome",
        "ablogathome2026",
        "alice@example.com",
        "Alice Example 1",
        "aliceexamplealice",
        "ALICE EXAMPLE!!",
    ],
)
def test_the_blogs_and_ones_own_name_are_refused(password: str) -> None:
    assert "guessed" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaa",
        "123456789012345",
        "abcdefghijklmnop",
        "qwertyuiopasdfgh",
        "password12345678",
        "passwordpassword",
    ],
)
def test_patterns_are_refused(password: str) -> None:
    assert "guessed" in refused(password)


@pytest.mark.parametrize("password", ["1a@$!0" * 160, "p4ssw0rd" * 120, "\u0130" * 900, "é" * 1000, "👩‍👩‍👧" * 200])
def test_no_password_takes_long_to_judge(password: str) -> None:
    assert passwords.guesses(password, [*ABOUT, "word " * 200]) >= 0


def test_each_door_has_the_same_rule(app: Flask, everybody: Cast, client: Browser, browser: object) -> None:
    reset = {"token": reset_token(app, everybody.alice), "password": "alicealicealice"}
    assert client.submit("/reset", reset).status_code == 422
    alice = app.test_client()
    assert isinstance(alice, Browser)
    change = {"present": PASSWORD, "new": "alicealicealice"}
    answer = alice.login(everybody.alice).submit("/account/password", change)
    assert answer.status_code == 422
    assert "among the first that would be guessed" in answer.text
    assert alice.submit("/account/password", {**change, "new": NEW_PASSWORD}).status_code == 303


def test_the_title_chosen_at_set_up_counts_too(app: Flask, client: Browser) -> None:
    form = {"title": "Harbour letters", "time_zone": "UTC", "name": "Olga", "email": "olga@example.com"}
    answer = client.submit("/setup", {**form, "token": setup_token(app), "password": "harbourletters1"})
    assert answer.status_code == 422
