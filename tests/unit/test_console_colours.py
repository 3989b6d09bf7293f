"""The palette: readable by day and by night, and by those who do not see red and green."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

import regen.console

STYLE = (Path(regen.console.__file__).parent / "static" / "console.css").read_text(encoding="utf-8")
Colour = tuple[float, float, float]
#: Text on its ground: 4.5:1 (WCAG 2.2, 1.4.3).
TEXTS = [
    ("ink", "paper"), ("ink", "panel"), ("soft", "paper"), ("soft", "panel"), ("link", "paper"), ("link", "panel"),
    ("ink", "well"), ("soft", "well"), ("link", "well"), ("ok-ink", "ok-paper"), ("warn-ink", "warn-paper"), ("bad-ink", "bad-paper"),
    ("live-ink", "live-paper"), ("idle-ink", "idle-paper"), ("go-ink", "go"),
]  # fmt: skip
#: What is no text and says something: 3:1 (1.4.11).
SHAPES = [("edge", "panel"), ("ok", "well"), ("bad", "well"), ("live", "well"), ("link", "paper")]
STATES = ("ok", "warn", "bad", "live", "idle")


def palette(scheme: str) -> dict[str, Colour]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    if scheme == "dark":
        assert set(re.findall(r"--([\w-]+): #", dark)) == set(found), "each colour has one for the night"
        found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))
    return {name: linear(code) for name, code in found.items()}


def linear(code: str) -> Colour:
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return r, g, b


def deuteranopic(colour: Colour) -> Colour:
    """As seen without the middle cones (Viénot, Brettel and Mollon, 1999)."""
    r, g, b = colour
    seen = (0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b)
    return tuple(min(1.0, max(0.0, part)) for part in seen)  # type: ignore[return-value]


def luminance(colour: Colour) -> float:
    r, g, b = colour
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: Colour, b: Colour) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(colour: Colour) -> Colour:
    r, g, b = colour
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, luminance(colour), z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(a: Colour, b: Colour) -> float:
    return math.dist(lab(a), lab(b))


def test_the_formulas_give_the_known_values() -> None:
    black, white = linear("#000000"), linear("#ffffff")
    assert contrast(black, white) == pytest.approx(21.0)
    assert contrast(linear("#777777"), white) == pytest.approx(4.48, abs=0.01)
    assert deuteranopic(white) == pytest.approx((1.0, 1.0, 1.0), abs=0.001)
    red, green = linear("#c4453c"), linear("#6b7d2a")
    assert distance(red, green) > 60
    assert distance(deuteranopic(red), deuteranopic(green)) < 25


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS, ids="-on-".join)
def test_texts_are_readable(text: str, ground: str, scheme: str) -> None:
    colours = palette(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5
    assert contrast(deuteranopic(colours[text]), deuteranopic(colours[ground])) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES, ids="-on-".join)
def test_shapes_stand_out(shape: str, ground: str, scheme: str) -> None:
    colours = palette(scheme)
    assert contrast(colours[shape], colours[ground]) >= 3.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(STATES, 2)), ids="-and-".join)
def test_states_differ_without_red_and_green(a: str, b: str, scheme: str) -> None:
    colours = palette(scheme)
    assert distance(colours[a], colours[b]) >= 20
    assert distance(deuteranopic(colours[a]), deuteranopic(colours[b])) >= 15


def test_every_colour_of_the_style_is_of_the_palette() -> None:
    printed = STYLE[STYLE.index("@media print") :]
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    assert used <= set(palette("light"))
    assert re.findall(r"#[0-9a-f]{3,6}\b", STYLE[STYLE.index("* {") : STYLE.index("@media print")]) == []
    assert set(re.findall(r"#[0-9a-f]{3}\b", printed)) <= {"#fff", "#000", "#999"}


def test_motion_is_only_for_those_who_want_it() -> None:
    moving = re.findall(r"[^{}]*\{[^{}]*(?:transition|animation)[^{}]*\}", STYLE)
    assert len(moving) == 1
    assert re.search(r"@media \(prefers-reduced-motion: no-preference\) \{[^@]*transition", STYLE)
