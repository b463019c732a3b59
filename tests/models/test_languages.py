"""The languages, and their catalogues."""

from __future__ import annotations

from newsletter.models.languages import LANGUAGES, locale_catalogue


def test_every_language_but_english_has_a_catalogue() -> None:
    assert [language for language in LANGUAGES if not locale_catalogue(language).is_file()] == ["en"]


def test_every_catalogue_is_of_a_language() -> None:
    found = {path.stem for path in locale_catalogue("en").parent.glob("*.po")}
    assert found == set(LANGUAGES) - {"en"}
