"""Somebody tries to get into another person's login, here and on a weak copy of this blog."""

from collections.abc import Iterator

import pytest

from homeport.learn import labs_sessions
from homeport.learn.labs_sessions import ATTACKS, Outcome
from tests.learn.labs import Terminal, terminal

WORK_HERE = {"theft", "(the same form from the site itself)"}
"""A cookie that is in use is as good as its owner everywhere; and one's own form has to work."""


@pytest.fixture(scope="module")
def ran() -> Iterator[tuple[Outcome, Terminal]]:
    """The lab, once."""
    with terminal() as (say, kept):
        yield labs_sessions.run(say), kept


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_works_on_the_weak_copy(ran: tuple[Outcome, Terminal], attack: str) -> None:
    assert ran[0].weak[attack]


@pytest.mark.parametrize("attack", sorted(set(ATTACKS) - WORK_HERE))
def test_it_fails_on_this_blog(ran: tuple[Outcome, Terminal], attack: str) -> None:
    assert not ran[0].ours[attack]


@pytest.mark.parametrize("attempt", sorted(WORK_HERE))
def test_what_works_here_is_said_to_work(ran: tuple[Outcome, Terminal], attempt: str) -> None:
    assert ran[0].ours[attempt]


def test_it_can_be_read_in_eighty_columns(ran: tuple[Outcome, Terminal]) -> None:
    _, kept = ran
    assert max(map(len, kept.lines)) <= 80
    assert "What to remember" in kept.text
    assert "What this lab does not show" in kept.text
