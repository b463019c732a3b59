from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from newsletter.files.site import default_templates
from newsletter.models.languages import LANGUAGES, locale_catalogue
from newsletter.rendering.language import language

PACKAGE = Path(__file__).parent.parent.parent / "newsletter"
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2)}
OTHERS = [code for code in LANGUAGES if code != "en"]


def extracted() -> set[Any]:
    """Return the messages in the code and the templates."""
    found: set[Any] = {message for _, _, message, _, _ in extract_from_dir(PACKAGE / "rendering", keywords=KEYWORDS)}
    emails = default_templates() / "email"  # pages follow
    for template in (*emails.rglob("*.html"), *emails.rglob("*.txt")):
        with template.open("rb") as file:
            found |= {message for _, _, message, _ in babel_extract(file, ["_", "count"], (), {"trim_blocks": "true"})}
    # A call with values is extracted as a tuple with None for each value.
    texts = [tuple(filter(None, m)) if isinstance(m, tuple) else (m,) for m in found]
    return {one[0] if len(one) == 1 else one for one in texts}


def catalogue(code: str) -> Catalog:
    return read_po(io.BytesIO(locale_catalogue(code).read_bytes()), locale=code)


def messages(code: str) -> Iterator[Message]:
    return (message for message in catalogue(code) if message.id)


@pytest.mark.parametrize("code", OTHERS)
def test_each_catalogue_translates_every_message_and_no_other(code: str) -> None:
    known = {tuple(m.id) if isinstance(m.id, list | tuple) else m.id for m in messages(code)}

    assert known == extracted()
    assert [message.id for message in messages(code) if message.fuzzy or not message.string] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_same_placeholders(code: str) -> None:
    assert [error for message in messages(code) for error in message.check(catalogue(code))] == []
    for message in messages(code):
        every = message.string if isinstance(message.string, list | tuple) else [message.string]
        assert all(every), message.id


@pytest.mark.parametrize(
    ("code", "day", "week", "papers"),
    [
        ("en", "8 May 2026", "2–8 May 2026", "2 papers for you, out of 1,234 new."),
        ("de", "8. Mai 2026", "2.–8. Mai 2026", "2 Artikel für dich, von 1.234 neuen."),
        ("fr", "8 mai 2026", "2–8 mai 2026", "2 articles pour vous, sur 1 234 nouveaux."),
        ("es", "8 de mayo de 2026", "2–8 de mayo de 2026", "2 artículos para ti, de 1.234 nuevos."),
        ("zh", "2026年5月8日", "2026年5月2日至8日", "1,234 篇新论文中，为您精选 2 篇。"),
    ],
)
def test_dates_and_numbers_follow_the_language(code: str, day: str, week: str, papers: str) -> None:
    chosen = language(code)
    one, many = "%(number)s paper for you, out of %(all)s new.", "%(number)s papers for you, out of %(all)s new."

    assert (chosen.day(date(2026, 5, 8)), chosen.days(date(2026, 5, 2), date(2026, 5, 8))) == (day, week)
    assert chosen.ngettext(one, many, 2, all=chosen.number(1234)).replace("\u202f", " ") == papers


def test_an_unknown_language_falls_back_to_english() -> None:
    assert language("tlh") is not None
    assert language("tlh").code == "en"
