"""Find text of too low contrast in a page, by its inline styles (WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from newsletter.rendering.colours import Shades, as_written, contrast, is_colour

MIN_RATIO = 4.5
_MIN_RATIO_LARGE = 3.0
#: Font size in pixels from which text is large.
_LARGE = 24


def low_contrasts(
    element: Any,
    colour: str = "#000000",
    background: str = "#ffffff",
    size: float = 16.0,
    shades: Shades = as_written,
) -> Iterator[tuple[float, str]]:
    """Yield (ratio, text) of each text below an lxml element whose contrast is too low.

    Args:
        element: The element to search.
        colour: The inherited text colour.
        background: The inherited background colour.
        size: The inherited font size in pixels.
        shades: How a mail client changes colours.
    """
    style = _style(element)
    if style.get("display") == "none" or not isinstance(element.tag, str) or element.tag in ("head", "style"):
        return
    colour = _colour(style.get("color")) or colour
    background = _colour(style.get("background-color")) or _colour(element.get("bgcolor")) or background
    if match := re.fullmatch(r"([\d.]+)px", style.get("font-size", "")):
        size = float(match[1])
    children = list(element)
    text = " ".join(" ".join([element.text or "", *(child.tail or "" for child in children)]).split())
    ratio = contrast(*shades(colour, background))
    if text and ratio < (_MIN_RATIO_LARGE if size >= _LARGE else MIN_RATIO):
        yield ratio, text
    for child in children:
        yield from low_contrasts(child, colour, background, size, shades)


def _style(element: Any) -> dict[str, str]:
    pairs = (rule.partition(":") for rule in (element.get("style") or "").split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs if value}


def _colour(text: str | None) -> str | None:
    """Return a hexadecimal colour as "#rrggbb", or None for colours in other notations."""
    text = (text or "").strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(digit * 2 for digit in text[1:])
    return text if is_colour(text) else None
