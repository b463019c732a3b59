from __future__ import annotations

import pytest

from newsletter.text.tex.symbols import SUBSCRIPTS, SUPERSCRIPTS, dingbat, styled, symbols, translated


@pytest.mark.parametrize(
    ("font", "character", "shown"),
    [
        ("mathbb", "R", "ℝ"), ("mathbb", "F", "𝔽"), ("mathbb", "1", "𝟙"), ("mathcal", "O", "𝒪"), ("mathcal", "L", "ℒ"),
        ("mathscr", "A", "𝒜"), ("mathfrak", "g", "𝔤"), ("mathfrak", "R", "ℜ"), ("mathcal", "3", None),
        ("mathbb", "α", None),
    ],
)  # fmt: skip
def test_alphabets_of_formulas_are_those_of_unicode(font: str, character: str, shown: str | None) -> None:
    assert styled(font, character) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("51", "✓"), ("55", "✗"), ("172", "①"), ("182", "❶"), ("9", None), ("x", None)]
)
def test_a_dingbat_is_found_by_its_code(number: str, shown: str | None) -> None:
    assert dingbat(number) == shown


def test_symbols_are_characters_by_command() -> None:
    assert [symbols()[name] for name in ("alpha", "geq", "ldots", "infty", "emptyset")] == ["α", "≥", "…", "∞", "∅"]


def test_scripts_are_translated_in_whole_or_not_at_all() -> None:
    assert translated("-12", SUPERSCRIPTS) == "⁻¹²"
    assert translated("i+1", SUBSCRIPTS) == "ᵢ₊₁"
    assert translated("1/2", SUPERSCRIPTS) is None
    assert translated("", SUPERSCRIPTS) is None
