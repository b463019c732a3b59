from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.files.site import default_templates
from newsletter.rendering.colours import (
    ACCENT,
    all_inverted,
    contrast,
    is_colour,
    make_palette,
    partly_inverted,
)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#9a3412", "#9a3412") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("#9a3412", True), ("#9A3412", True), ("#934", False), ("9a3412", False), ("red", False), ("#9a3412\n", False)],
)
def test_a_colour_has_six_hexadecimal_digits(text: str, expected: bool) -> None:
    assert is_colour(text) is expected


@given(st.integers(0, 0xFFFFFF))
def test_every_shade_of_every_accent_is_legible(value: int) -> None:
    palette = make_palette(f"#{value:06x}")

    assert all(map(is_colour, astuple(palette)))
    assert min(contrast(palette.accent, ground) for ground in ("#f3f1ec", "#fffdf9")) >= 4.5
    assert min(contrast(palette.night_accent, ground) for ground in ("#161513", "#201e1b")) >= 4.5
    assert contrast(palette.on_chip, palette.chip) >= 4.5
    assert contrast(palette.night_on_chip, palette.night_chip) >= 4.5


@given(st.integers(0, 0xFFFFFF))
@example(0x0000FF)  # as dark as it is light: inverted, it stays the same
def test_every_shade_is_legible_where_a_client_inverts_colours(value: int) -> None:
    palette = make_palette(f"#{value:06x}")

    pairs = [(palette.accent, "#f3f1ec"), (palette.accent, "#fffdf9"), (palette.on_chip, palette.chip)]
    pairs.append(("#fffdf9", palette.accent))  # a button
    assert min(contrast(*shades(*pair)) for pair in pairs for shades in (all_inverted, partly_inverted)) >= 4.5


def test_colours_are_inverted_in_lightness_and_keep_their_hue() -> None:
    assert [all_inverted("#000000", "#ffffff"), partly_inverted("#000000", "#ffffff")] == [("#ffffff", "#000000")] * 2
    assert partly_inverted("#ffffff", "#222222") == ("#ffffff", "#222222")
    assert all_inverted("#400000", "#ffffff") == ("#ffbfbf", "#000000")


def test_a_legible_accent_is_kept_as_it_is() -> None:
    assert make_palette(ACCENT).accent == ACCENT


def test_backgrounds_are_those_of_the_stylesheets() -> None:
    folder = default_templates() / "email"

    assert {"#f3f1ec", "#fffdf9"} <= set((folder / "style.css").read_text(encoding="utf-8").replace(";", " ").split())
    assert {"#161513", "#201e1b"} <= set((folder / "screens.css").read_text(encoding="utf-8").replace(";", " ").split())
