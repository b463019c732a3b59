"""The languages of messages and pages, and their gettext catalogues."""

from __future__ import annotations

from pathlib import Path

_CATALOGUES = Path(__file__).parent.parent / "locale"
#: Codes (ISO 639-1) and tags (BCP 47), as in the `lang` attribute of HTML; newsletter/locale/ has a catalogue for each
#: but the first.
LANGUAGE_TAGS = {"en": "en", "de": "de", "es": "es", "fr": "fr", "ja": "ja", "pt": "pt-BR", "zh": "zh-Hans"}
LANGUAGES = tuple(LANGUAGE_TAGS)
#: What each calls itself, for lists to choose from.
LANGUAGE_NAMES = {
    "en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ja": "日本語", "pt": "Português (Brasil)",
    "zh": "简体中文",
}  # fmt: skip


def translatable(message: str) -> str:
    """Mark a text that is translated where it is shown; it stays as it is."""
    return message


def locale_catalogue(language: str) -> Path:
    """Return the path of the gettext catalogue of a language."""
    return _CATALOGUES / f"{language}.po"
