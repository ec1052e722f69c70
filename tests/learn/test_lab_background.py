"""Somebody pulls the plug while mails are sent: a thread forgets who is missing, a job goes on."""

from collections.abc import Iterator

import pytest

from homeport.core.errors import Problem
from homeport.learn import labs_background, labs_wire
from homeport.learn.labs_background import Arrived, Outcome, count_up
from tests.learn.labs import Terminal, lab, terminal

COUNT, PLUG = 30, 12
ELSEWHERE = ["192.0.2.1", "0.0.0.0", "example.org", "::", "128.0.0.1"]


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal]]:
    """The lab, once, with few mails, at an address of the loopback that nothing else uses."""
    with terminal() as (say, kept):
        yield labs_background.run(say, COUNT, "127.0.0.2"), kept


def test_a_thread_forgets_who_is_missing(ran: tuple[Outcome, Terminal]) -> None:
    assert ran[0].thread == Arrived(COUNT, PLUG, COUNT - PLUG, 0)


def test_pressing_the_button_again_sends_it_twice_to_some(ran: tuple[Outcome, Terminal]) -> None:
    assert ran[0].pressed_again == Arrived(COUNT, COUNT, 0, PLUG)


def test_a_job_goes_on_and_nobody_gets_it_twice(ran: tuple[Outcome, Terminal]) -> None:
    outcome, _ = ran
    assert outcome.job == Arrived(COUNT, COUNT, 0, 0)
    assert outcome.rows == {"sent": COUNT - 1, "sending": 1}


def test_the_mail_nobody_can_be_sure_about_is_named(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert f"never heard whether person{PLUG - 1}@example.org got it" in kept.text
    assert "What this lab does not show" in kept.text
    assert max(map(len, kept.lines)) <= 80


def test_lost_and_doubled_are_counted() -> None:
    got = [f"person{number}@example.org" for number in (0, 1, 1, 3)]
    assert count_up(got, 4) == Arrived(4, 3, 1, 1)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_another_address_is_refused(address: str) -> None:
    said = lab("background", "--host", address)
    assert said.exit_code == 1
    assert "this machine alone" in str(said.exception)
    with pytest.raises(Problem, match="this machine alone"):
        labs_wire.connect(address, 9)
