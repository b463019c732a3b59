"""The site's accent colour → a palette of legible shades for light mode, dark mode and chips.

Contrast is measured by WCAG 2.2, success criterion 1.4.3: text of normal size needs a ratio of 4.5:1. It has that, too,
where a mail client makes a message dark by itself: some invert every colour (Gmail on iOS, Outlook on Windows), others
only light backgrounds and dark text (Outlook.com, Gmail on Android).
Source: litmus.com/blog/the-ultimate-guide-to-dark-mode-for-email-marketers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

ACCENT = "#9a3412"

#: Backgrounds of page and card in light and dark mode, as in templates/email/style.css and screens.css.
_LIGHT = ("#f3f1ec", "#fffdf9")
_DARK = ("#161513", "#201e1b")
#: Above the required 4.5, because mail clients shift colours, especially in dark mode.
_MIN_CONTRAST = 5.5
_MIN_INVERTED_CONTRAST = 4.5

_RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """The shades of one accent, as "#rrggbb"."""

    accent: str
    chip: str
    on_chip: str
    night_accent: str
    night_chip: str
    night_on_chip: str


def is_colour(text: str) -> bool:
    """Return whether a text is a colour of the form "#9a3412"."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def make_palette(accent: str) -> Palette:
    """Derive a palette from an accent colour, with shades as close to it as contrast allows."""
    chosen = _rgb(accent)
    chip, night_chip = _mixed(chosen, (255, 255, 255), 0.86), _mixed(chosen, (22, 21, 19), 0.68)
    return Palette(
        accent=_hex(_legible(chosen, _LIGHT, darker=True)),
        chip=_hex(chip),
        on_chip=_hex(_legible(chosen, (_hex(chip),), darker=True)),
        night_accent=_hex(_legible(chosen, _DARK, darker=False)),
        night_chip=_hex(night_chip),
        night_on_chip=_hex(_legible(chosen, (_hex(night_chip),), darker=False)),
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (lighter + 0.05) / (darker + 0.05)


def inverted(colour: str) -> str:
    """Return a colour with its lightness inverted, as mail clients do that make a light message dark."""
    hue, lightness, saturation = rgb_to_hls(*(value / 255 for value in _rgb(colour)))
    red, green, blue = hls_to_rgb(hue, 1 - lightness, saturation)
    return _hex((round(red * 255), round(green * 255), round(blue * 255)))


def is_light(colour: str) -> bool:
    """Return whether a colour is nearer to white than to black."""
    return rgb_to_hls(*(value / 255 for value in _rgb(colour)))[1] > 0.5


#: Changes a text's colour and its background's.
Shades = Callable[[str, str], tuple[str, str]]


def as_written(colour: str, background: str) -> tuple[str, str]:
    """Leave both colours as they are."""
    return colour, background


def all_inverted(colour: str, background: str) -> tuple[str, str]:
    """Invert both colours."""
    return inverted(colour), inverted(background)


def partly_inverted(colour: str, background: str) -> tuple[str, str]:
    """Invert a light background and a dark text; a dark background and a light text stay."""
    return colour if is_light(colour) else inverted(colour), inverted(background) if is_light(
        background
    ) else background


def _legible(colour: _RGB, backgrounds: tuple[str, ...], *, darker: bool) -> _RGB:
    """Return the nearest shade of a colour with enough contrast on all backgrounds, of the same hue."""
    hue, lightness, saturation = rgb_to_hls(*(value / 255 for value in colour))
    end = 0.0 if darker else 1.0
    for step in range(101):
        red, green, blue = hls_to_rgb(hue, lightness + (end - lightness) * step / 100, saturation)
        shade = round(red * 255), round(green * 255), round(blue * 255)
        if all(_is_legible(_hex(shade), background, is_inverted=darker) for background in backgrounds):
            break
    return shade


def _is_legible(colour: str, background: str, *, is_inverted: bool) -> bool:
    """Return whether a text has enough contrast, also with inverted colours if these are of a light message."""
    if contrast(colour, background) < _MIN_CONTRAST:
        return False
    modes = (all_inverted, partly_inverted) if is_inverted else ()
    return all(contrast(*shades(colour, background)) >= _MIN_INVERTED_CONTRAST for shades in modes)


def _mixed(colour: _RGB, other: _RGB, share: float) -> _RGB:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: _RGB) -> float:
    red, green, blue = (v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(text: str) -> _RGB:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: _RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
