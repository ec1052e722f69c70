"""Passkeys that are not what they seem: from another site, without a PIN, a second time, too late, somebody else's."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from homeport.accounts import assertions, ceremonies, passkeys
from homeport.accounts.models import AuditDetail, AuditEvent
from homeport.accounts.proofs import Visit
from homeport.core import clock
from homeport.core.db import db
from homeport.core.errors import Problem
from homeport.core.http import ANONYMOUS
from homeport.core.ids import digest, token
from tests.accounts.acts import is_logged_in, log_in
from tests.accounts.authenticator import Authenticator, decode, encode
from tests.accounts.passkey_acts import (
    ADD,
    CODE,
    CONFIRM,
    LOGIN,
    add,
    ask,
    let_the_proof_grow_old,
    passkeys_of,
    show,
    waiting_at,
)
from tests.cast import Cast, Person
from tests.conftest import Browser

Login = Callable[[Person], Browser]
MISBEHAVIOURS: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "https://evil.example"},
    "another port": {"origin": "http://localhost:8001"},
    "another scheme": {"origin": "https://localhost:8000"},
    "another relying party": {"rp_id": "evil.example"},
    "a parent of its name": {"rp_id": "host"},
    "nobody verified": {"verifies": False},
    "nobody there": {"present": False},
    "another kind": {"kind": "webauthn.other"},
}
AFTER_ALL = datetime(2026, 5, 1, tzinfo=UTC)


def is_in(visitor: Browser, path: str) -> bool:
    """Whether somebody got to where they were going."""
    return visitor.get("/account/password" if path == CONFIRM else "/account").status_code == 200


def failures(app: Flask, person: Person | None, action: str) -> list[dict[str, str]]:
    """What the audit log tells of those who failed to be this person."""
    with app.app_context():
        rows = select(AuditDetail.facts).join(AuditEvent, AuditDetail.event_id == AuditEvent.id)
        theirs = rows.where(AuditEvent.action == action, AuditEvent.subject_id == (person.id if person else None))
        return list(db.session.scalars(theirs))


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM])
def test_a_passkey_that_is_as_it_should_be_is_taken_everywhere(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    assert not is_in(visitor, path)
    assert show(visitor, device, path).status_code == 303
    assert is_in(visitor, path)


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM])
@pytest.mark.parametrize("wrong", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_origin_relying_party_and_verification_are_enforced(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str, wrong: dict[str, Any]
) -> None:
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    for name, value in wrong.items():
        setattr(device, name, value)
    answer = show(visitor, device, path)
    assert answer.status_code == 422
    assert "This passkey was not accepted." in answer.text
    assert not is_in(visitor, path)
    action = "proof_failed" if path == CONFIRM else "login_failed"
    assert failures(app, everybody.alice, action)[-1]["means"] == "passkey"


@pytest.mark.parametrize("wrong", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_none_is_made_elsewhere_or_without_verification(
    app: Flask, everybody: Cast, browser: Login, wrong: dict[str, Any]
) -> None:
    alice = browser(everybody.alice)
    answer = add(alice, Authenticator(**wrong))
    assert answer.status_code == 422
    assert "This passkey could not be taken." in answer.text
    assert 'value="Laptop"' in answer.text
    assert passkeys_of(app, everybody.alice) == []


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM])
def test_what_was_shown_once_opens_nothing_again(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    said = device.get(ask(visitor, path))
    assert device.keys[0].count == 0, "a synced passkey does not count, so only the challenge stops a second use"
    assert visitor.submit(path, {"credential": said}).status_code == 303
    if path == CONFIRM:
        let_the_proof_grow_old(app, everybody.alice)
    else:
        visitor.submit("/logout")
        if path == CODE:
            log_in(visitor, everybody.alice)
    again = visitor.submit(path, {"credential": said})
    assert again.status_code == 403
    assert "That took too long, or was begun elsewhere." in again.text
    ask(visitor, path)
    assert visitor.submit(path, {"credential": said}).status_code == 422, "nor as the answer to another challenge"
    assert not is_in(visitor, path)


def test_a_new_passkey_is_added_once(app: Flask, everybody: Cast, browser: Login, device: Authenticator) -> None:
    alice = browser(everybody.alice)
    said = device.create(ask(alice, ADD))
    assert alice.submit(ADD, {"name": "Laptop", "credential": said}).status_code == 200
    assert alice.submit(ADD, {"name": "Laptop", "credential": said}).status_code == 403
    assert len(passkeys_of(app, everybody.alice)) == 1


@pytest.mark.parametrize("path", [LOGIN, ADD])
def test_a_challenge_is_for_one_try(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator, path: str
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    visitor = alice if path == ADD else client
    options = ask(visitor, path)
    wrong = encode(b"x")
    said = (
        Authenticator().create(options, clientDataJSON=wrong)
        if path == ADD
        else device.get(options, clientDataJSON=wrong)
    )
    assert visitor.submit(path, {"name": "x", "credential": said}).status_code == 422
    said = Authenticator().create(options) if path == ADD else device.get(options)
    assert visitor.submit(path, {"name": "x", "credential": said}).status_code == 403
    assert not is_logged_in(client)
    assert len(passkeys_of(app, everybody.alice)) == 1


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM, ADD])
def test_a_challenge_is_forgotten_after_five_minutes(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    for late, status in ((timedelta(minutes=4, seconds=59), {200, 303}), (timedelta(minutes=5), {403})):
        visitor = waiting_at(path, app, everybody.alice, browser, device)
        if path == ADD:
            visitor = browser(everybody.alice)
        options = ask(visitor, path)
        said = device.create(options) if path == ADD else device.get(options)
        with time_machine.travel(clock.now() + late, tick=False):
            assert visitor.submit(path, {"name": "Laptop", "credential": said}).status_code in status


@pytest.mark.parametrize("path", [LOGIN, CODE, CONFIRM])
def test_the_answer_to_another_browsers_challenge_is_refused(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    other = waiting_at(path, app, everybody.alice, browser, device)
    said = device.get(ask(other, path))
    assert visitor.submit(path, {"credential": said}).status_code == 403, "it has begun nothing itself"
    ask(visitor, path)
    assert visitor.submit(path, {"credential": said}).status_code == 422
    assert not is_in(visitor, path)
    assert other.submit(path, {"credential": said}).status_code == 303


def test_a_challenge_for_one_purpose_serves_no_other(
    everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    alice = browser(everybody.alice)
    add(alice, device)
    for other in (LOGIN, ADD):
        options = ask(alice, other)
        assert alice.submit(CONFIRM, {"credential": device.get(options)}).status_code == 403
    log_in(client, everybody.alice)
    assert client.submit(CODE, {"credential": device.get(ask(client, LOGIN))}).status_code == 403


def test_a_counter_that_goes_back_is_refused_and_noted(app: Flask, everybody: Cast, browser: Login) -> None:
    device = Authenticator(counts=True, backed_up=False)
    visitor = waiting_at(LOGIN, app, everybody.alice, browser, device)
    assert show(visitor, device).status_code == 303
    key = device.keys[0]
    assert passkeys_of(app, everybody.alice)[0].sign_count == key.count == 2
    for count in (-1, 0, 1):
        key.count = count  # the device counts on by one
        visitor.submit("/logout")
        answer = show(visitor, device)
        assert answer.status_code == 422
        assert "the count has gone back" in answer.text
        assert not is_logged_in(visitor)
    assert failures(app, everybody.alice, "login_failed")[-1]["reason"] == "The passkey’s counter had gone back"
    assert passkeys_of(app, everybody.alice)[0].sign_count == 2
    key.count = 2
    assert show(visitor, device).status_code == 303


@pytest.mark.parametrize("path", [CODE, CONFIRM])
def test_somebody_elses_passkey_does_not_do(
    app: Flask, everybody: Cast, browser: Login, device: Authenticator, path: str
) -> None:
    bobs = Authenticator()
    add(browser(everybody.bob), bobs)
    visitor = waiting_at(path, app, everybody.alice, browser, device)
    for handle in (bobs.keys[0].user_handle, device.keys[0].user_handle, None):
        said = bobs.get(ask(visitor, path), userHandle=handle)
        assert visitor.submit(path, {"credential": said}).status_code == 422, handle
    assert not is_in(visitor, path)


def test_a_passkey_says_itself_whose_it_is(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator
) -> None:
    bobs = Authenticator()
    add(browser(everybody.bob), bobs)
    add(browser(everybody.alice), device)
    for handle in (bobs.keys[0].user_handle, None, "", "x"):
        said = device.get(ask(client, LOGIN), userHandle=handle)
        assert client.submit(LOGIN, {"credential": said}).status_code == 422, handle
    stolen = json.loads(device.get(ask(client, LOGIN)))
    stolen["id"] = stolen["rawId"] = encode(bobs.keys[0].id)
    assert client.submit(LOGIN, {"credential": json.dumps(stolen)}).status_code == 422
    assert not is_logged_in(client)


def test_a_passkey_has_one_owner(app: Flask, everybody: Cast, browser: Login, device: Authenticator) -> None:
    add(browser(everybody.alice), device)
    bob = browser(everybody.bob)
    taken = Authenticator()
    said = json.loads(taken.create(ask(bob, ADD)))
    said["id"] = said["rawId"] = encode(device.keys[0].id)
    forged = decode(said["response"]["attestationObject"]).replace(taken.keys[0].id, device.keys[0].id)
    said["response"]["attestationObject"] = encode(forged)
    answer = bob.submit(ADD, {"name": "Mine", "credential": json.dumps(said)})
    assert answer.status_code == 409
    assert "in use here already" in answer.text
    assert passkeys_of(app, everybody.bob) == []


@pytest.mark.parametrize("field", ["signature", "authenticatorData", "clientDataJSON"])
def test_a_changed_bit_is_noticed(
    app: Flask, everybody: Cast, browser: Login, client: Browser, device: Authenticator, field: str
) -> None:
    add(browser(everybody.alice), device)
    said = json.loads(device.get(ask(client, LOGIN)))
    raw = bytearray(decode(said["response"][field]))
    raw[-1] ^= 1
    said["response"][field] = encode(bytes(raw))
    assert client.submit(LOGIN, {"credential": json.dumps(said)}).status_code == 422


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=80).map(encode),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "authenticatorData", "signature",
         "userHandle", "transports", "x"]), inner, max_size=8),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=SHAPES, cut=st.integers(0, 400))
def test_whatever_is_sent_as_a_passkey_is_answered_in_plain_words(
    app: Flask, everybody: Cast, shape: Any, cut: int
) -> None:
    device, now = Authenticator(), clock.now()
    with app.test_request_context():
        options = passkeys.begin_registration(digest("browser"), "Dora", "dora@example.com", now)
        made = device.create(options)
        ceremony = passkeys.take(ceremonies.PASSKEY_REGISTRATION, digest("browser"), made, now)
        passkeys.verify_registration(ceremony, made)
        for sent in (json.dumps(shape), made[:cut] + made[cut + 1 :], "", "[" * 100_000, '{"id":' * 5000):
            with suppress(Problem):  # a cut may fall where nothing is looked at
                passkeys.verify_registration(ceremony, sent)
            assertions.begin(ceremonies.PASSKEY_LOGIN, digest("browser"), now)
            visit = Visit(ANONYMOUS, network=token())
            with pytest.raises(Problem, match="not accepted"):
                assertions.by_passkey(ceremonies.PASSKEY_LOGIN, digest("browser"), sent, visit, now)
