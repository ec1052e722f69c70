"""Everybody can tell every text, line and state from its ground, by day and by night (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from homeport.ui.assets import ROOT

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


def colours(scheme: str) -> dict[str, str]:
    """The tokens that are colours, as they are in `scheme`."""
    light, _, dark = TOKENS.partition("@media")
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", dark))
    return found


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_itself_is_right() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_each_pair_can_be_told_apart(scheme: str, front: str, ground: str, least: float) -> None:
    known = colours(scheme)
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
