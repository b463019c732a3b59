"""The languages of mails and pages, and where their catalogues are."""

from __future__ import annotations

from pathlib import Path

_CATALOGUES = Path(__file__).parent / "locale"
#: What mails and pages are written in; newsletter/locale/ has a catalogue for each but the first.
LANGUAGES = ("en", "de", "es", "fr", "zh")


def locale_catalogue(language: str) -> Path:
    """Return the gettext catalogue of a language."""
    return _CATALOGUES / f"{language}.po"
