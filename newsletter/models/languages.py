"""The languages of messages and pages, and their gettext catalogues."""

from __future__ import annotations

from pathlib import Path

_CATALOGUES = Path(__file__).parent.parent / "locale"
#: ISO 639-1 codes; newsletter/locale/ has a catalogue for each but the first.
LANGUAGES = ("en", "de", "es", "fr", "zh")


def locale_catalogue(language: str) -> Path:
    """Return the path of the gettext catalogue of a language."""
    return _CATALOGUES / f"{language}.po"
