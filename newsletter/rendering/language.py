"""The mail's own words in a reader's language, and dates and numbers as one writes them there.

What papers and topics say is never translated. `newsletter/locale/de.po` and its like hold the words; English is in the
templates themselves.
"""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from newsletter.languages import LANGUAGES, locale_catalogue

#: English mail says "8 May 2026", which nobody takes for the fifth of August.
_LOCALES = {"en": "en_GB", "de": "de_DE", "es": "es_ES", "fr": "fr_FR", "zh": "zh_Hans_CN"}


@dataclass(frozen=True)
class Language:
    """One language."""

    #: As in `places.LANGUAGES`, and in the `lang` of a page.
    code: str
    _words: gettext.NullTranslations
    _locale: Locale

    @property
    def direction(self) -> str:
        """How it is written: "ltr" or "rtl"."""
        return self._locale.text_direction

    def say(self, words: str, /, **values: object) -> str:
        """Return words of ours in this language, with values in their places: `say("On %(day)s", day=…)`."""
        said = self._words.gettext(words)
        return said % values if values else said

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Return the words for so many of something; `%(number)s` is the number as it is written here."""
        return self._words.ngettext(one, many, number) % (values | {"number": self.number(number)})

    def number(self, number: int) -> str:
        """Return "1,234" in English and "1.234" in German."""
        return _number(number, self._locale)

    def day(self, day: date) -> str:
        """Return "8 May 2026"."""
        return _day(day, self._locale)

    def day_of_week(self, day: date) -> str:
        """Return "Friday 8 May 2026"."""
        return str(format_date(day, "full", self._locale))

    def short_day(self, day: date) -> str:
        """Return "8 May"."""
        return str(format_skeleton("MMMd", day, locale=self._locale))

    def week(self, last: date) -> str:
        """Return the seven days up to one: "2–8 May 2026"."""
        return self._days(last - timedelta(days=6), last)

    def month(self, last: date) -> str:
        """Return the month up to a day: "8 Apr – 8 May 2026"."""
        before = last.replace(day=1) - timedelta(days=1)
        return self._days(before.replace(day=last.day), last)

    def _days(self, first: date, last: date) -> str:
        # Some languages put thin spaces around the dash, which not every mail program can show.
        return str(format_interval(first, last, "yMMMMd", locale=self._locale)).replace("\u2009", " ")


# Readers joined on few days, and few numbers are told: these two are asked for in every message.
@lru_cache(maxsize=4096)
def _number(number: int, locale: Locale) -> str:
    return str(format_decimal(number, locale=locale))


@lru_cache(maxsize=4096)
def _day(day: date, locale: Locale) -> str:
    return str(format_date(day, "long", locale))


@cache
def language(code: str) -> Language:
    """Return a language by its code; English where there is no such."""
    known = code if code in LANGUAGES else "en"
    return Language(known, _catalogue(known), Locale.parse(_LOCALES[known]))


def _catalogue(code: str) -> gettext.NullTranslations:
    """Read the words of a language; without a file of compiled ones, which would only go stale."""
    if code == "en":
        return gettext.NullTranslations()
    with locale_catalogue(code).open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
