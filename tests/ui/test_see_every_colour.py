"""Everybody can tell every text, line and state from its ground, by day and by night (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from homeport.ui.assets import ROOT
from tests.contrast import colours, contrast

TOKENS = (ROOT / "css" / "tokens.css").read_text("utf-8")
TEXT, SHAPE = 4.5, 3.0

# What is drawn on what, and the least contrast it needs.
PAIRS = [
    *(("ink", ground, TEXT) for ground in ("paper", "shoal", "land", "mark")),
    *(("ink-soft", ground, TEXT) for ground in ("paper", "shoal", "land")),
    *(("accent", ground, TEXT) for ground in ("paper", "shoal", "land", "mark")),
    *(("accent-deep", ground, TEXT) for ground in ("paper", "shoal", "land")),
    *(("on-accent", ground, TEXT) for ground in ("accent", "accent-deep")),
    *((state, ground, TEXT) for state in ("good", "warn", "bad") for ground in ("paper", "shoal")),
    *(("edge", ground, SHAPE) for ground in ("paper", "shoal")),
]


def test_the_measure_of_contrast_itself_is_right() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_each_pair_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    known = colours(TOKENS, scheme)
    assert contrast(known[front], known[ground]) >= least


def test_both_schemes_define_every_colour() -> None:
    light, _, dark = TOKENS.partition("@media")
    names = [set(re.findall(r"--([a-z-]+): #", part)) for part in (light, dark)]
    assert names[0] == names[1]


def test_no_other_style_sheet_of_ours_brings_a_colour_of_its_own() -> None:
    for path in (ROOT / "css").glob("*.css"):
        if path.name not in {"tokens.css", "code.css"}:
            screen, _, _ = path.read_text("utf-8").partition("@media print")
            assert not re.search(r"(?<![\w&-])#[0-9a-f]{3,8}\b|rgb\(|hsl\(|oklch\(", screen), path.name
