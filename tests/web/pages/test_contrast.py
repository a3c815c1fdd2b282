"""Text can be read in both themes: WCAG contrast of every text colour on every surface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[3] / "frontend/src/css/tokens.css"
TEXTS = ("text", "strong", "muted", "accent", "amber-text", "late-text")
SURFACES = ("bg", "surface", "surface-2", "raised", "hover")
LEVELS = ("blue", "yellow", "orange", "red")


def theme(name: str) -> dict[str, str]:
    block = re.search(
        rf'\[data-bs-theme="{name}"\] {{(.*?)\n}}', TOKENS.read_text(encoding="utf-8"), re.S
    )
    assert block is not None
    return dict(re.findall(r"--sz-([\w-]+): (#[0-9a-f]{6});", block.group(1)))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_text_is_readable_on_every_surface(name: str) -> None:
    colours = theme(name)
    low = {
        (text, surface): round(contrast(colours[text], colours[surface]), 2)
        for text in TEXTS
        for surface in SURFACES
        if contrast(colours[text], colours[surface]) < 4.5
    }
    assert not low
    assert contrast(colours["primary"], colours["primary-text"]) >= 4.5


def test_level_colours_stand_out_on_dark_and_differ_from_the_accent() -> None:
    """On light the shape and the word carry yellow; on dark every shape has 3:1 of its own."""
    colours = theme("dark")
    for level in LEVELS:
        assert contrast(colours[level], colours["surface"]) >= 3.0, level
    assert len({colours[level] for level in (*LEVELS, "accent")}) == 5
