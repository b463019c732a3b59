"""Translations of the program's own texts, and dates and numbers as each language writes them (CLDR, by Babel).

The texts are English in templates and code, and translated by `newsletter/locale/CODE.po` (gettext), and so are the
topics that a new site begins with. Papers, and topics that somebody named, are never translated.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from newsletter.models import PartialDate, StatedDate
from newsletter.models.languages import LANGUAGE_TAGS, LANGUAGES, locale_catalogue
from newsletter.rendering.date_ranges import format_range
from newsletter.rendering.typography import TYPOGRAPHY, Typography, listed

#: British English, which writes "8 May 2026" and never 5/8 or 8/5.
_LOCALES = {
    "en": "en_GB", "de": "de_DE", "es": "es_ES", "fr": "fr_FR", "ja": "ja_JP", "pt": "pt_BR", "zh": "zh_Hans_CN",
}  # fmt: skip
#: How the first of a month is written where it is not "1".
_FIRST = {"fr": "1er", "pt": "1º"}
#: Spanish groups the digits of numbers from five digits on (RAE; Babel does not know).
_GROUPED_FROM = {"es": 10_000}
#: How large counts are shortened; Chinese and Japanese count in ten thousands.
_THOUSANDS = ((1_000_000, "M"), (1000, "k"))
_UNITS = {"ja": ((100_000_000, "億"), (10_000, "万")), "zh": ((100_000_000, "亿"), (10_000, "万"))}


@dataclass(frozen=True, eq=False)
class Language:
    """A language that digests can be written in."""

    #: One of `languages.LANGUAGES`.
    code: str
    _translations: gettext.NullTranslations
    _locale: Locale

    @property
    def tag(self) -> str:
        """The tag of the language, as in the `lang` attribute of HTML: "de", "zh-Hans"."""
        return LANGUAGE_TAGS[self.code]

    @property
    def locale(self) -> Locale:
        """How dates and numbers are written."""
        return self._locale

    @property
    def joins_by_script(self) -> bool:
        """Whether the commas of a list depend on the script of its members; see `typography.listed`."""
        return self._typography.comma == "、"

    @property
    def direction(self) -> str:
        """The direction of writing, as in the `dir` attribute of HTML: "ltr" or "rtl"."""
        return self._locale.text_direction

    def gettext(self, message: str, /, **values: object) -> str:
        """Translate a message and substitute values: `gettext("Sent by %(name)s.", name=…)`."""
        translated = self._translations.gettext(message)
        return translated % values if values else translated

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """Translate a message in the plural form for `number`; `%(number)s` is the formatted number."""
        return self._translations.ngettext(singular, plural, number) % (values | {"number": self.number(number)})

    def pgettext(self, context: str, message: str, /, **values: object) -> str:
        """Translate a message that means different things in different contexts."""
        translated = self._translations.pgettext(context, message)
        return translated % values if values else translated

    def topic(self, text: str) -> str:
        """Translate the name, the area or the description of a topic that a new site begins with; keep any other."""
        return self._translations.pgettext("topic", text)

    def text_functions(self) -> dict[str, Callable[..., str]]:
        """Return what templates of messages translate by; `count` is another name of `ngettext`."""
        return {
            "_": self.gettext, "ngettext": self.ngettext, "count": self.ngettext, "pgettext": self.pgettext,
            **self._list_functions(),
        }  # fmt: skip

    def markup_functions(self) -> dict[str, Callable[..., str]]:
        """Return what templates of pages translate by: a message of ours may have markup, all else is escaped."""

        def translate(message: str, /, **values: object) -> Markup:
            return _filled(message, self._translations.gettext(message), values)

        def translate_in_context(context: str, message: str, /, **values: object) -> Markup:
            return _filled(message, self._translations.pgettext(context, message), values)

        def translate_number(singular: str, plural: str, number: int, /, **values: object) -> Markup:
            message = self._translations.ngettext(singular, plural, number)
            return _filled(singular, message, {"number": self.number(number)} | values)

        return {
            "_": translate, "ngettext": translate_number, "pgettext": translate_in_context,
            **{name: _on_markup(join) for name, join in self._list_functions().items()}, "quoted": self.quoted,
        }  # fmt: skip

    def _list_functions(self) -> dict[str, Callable[..., str]]:
        return {"labelled": self.labelled, "listed": self.listed, "sentences": self.sentences, "topic_text": self.topic}

    # -- marks ----------------------------------------------------------------------------------------

    def labelled(self, label: str, value: str) -> str:
        """Join a label and its value, or mark a label at the end of a line: "title: agentic", "titre : agentic"."""
        return f"{label}{self._typography.colon}{value}".rstrip()

    def listed(self, texts: Iterable[str], *, with_commas: bool = False) -> str:
        """Join texts as a list in a line, with semicolons if they have commas themselves."""
        members = list(filter(None, texts))
        return self._typography.semicolon.join(members) if with_commas else listed(members, self._typography.comma)

    def sentences(self, texts: Iterable[str]) -> str:
        """Join whole sentences."""
        return self._typography.space.join(filter(None, texts))

    def quoted(self, text: str) -> str:
        """Put a text into the language's quotation marks."""
        opening, closing = self._typography.quotes
        return f"{opening}{text}{closing}"

    def heading(self, text: str) -> str:
        """Return a text as a heading: "Samedi 9 mai 2026"."""
        return text[:1].upper() + text[1:] if self._typography.capitalizes_headings else text

    # -- numbers and dates ----------------------------------------------------------------------------

    def number(self, number: float) -> str:
        """Format a number: "1,234" in English, "1.234" in German."""
        is_ungrouped = isinstance(number, int) and number < _GROUPED_FROM.get(self.code, 0)
        return str(number) if is_ungrouped else _number(number, self._locale)

    def short_number(self, number: int) -> str:
        """Format a count in a few characters: "1.2k" in English, "1,2k" in German, "1.2万" in Chinese."""
        for unit, name in _UNITS.get(self.code, _THOUSANDS):
            if number >= unit:
                return f"{self.number(round(number / unit, 1) if number < 10 * unit else number // unit)}{name}"
        return self.number(number)

    def decimal(self, number: float, digits: int = 1) -> str:
        """Format a number with so many decimal places: "2.0" in English, "2,0" in German."""
        return str(format_decimal(number, f"#,##0.{'0' * digits}", self._locale)).replace("\u202f", "\u00a0")

    def percent(self, share: float) -> str:
        """Format a share: "40%" in English, "40 %" in German, with a no-break space."""
        return str(format_percent(share, locale=self._locale)).replace("\u202f", "\u00a0")

    def day(self, day: StatedDate) -> str:
        """Format a date as precisely as it is stated: "8 May 2026", "May 2026", "2026"."""
        if isinstance(day, PartialDate):
            return str(format_skeleton("yMMMM" if day.month else "y", day.first, locale=self._locale))
        return self._ordinal(day, _day(day, self._locale))

    def day_of_week(self, day: date) -> str:
        """Format a date with its weekday, as in a sentence: "Friday 8 May 2026", "vendredi 8 mai 2026"."""
        return self._ordinal(day, _day_of_week(day, self._locale))

    def weekday(self, day: date) -> str:
        """Format the weekday of a date in a few letters: "Fri"."""
        return str(format_date(day, "EEE", self._locale))

    def short_day(self, day: date) -> str:
        """Format a date without its year: "8 May"."""
        return self._ordinal(day, _short_day(day, self._locale))

    def month(self, day: date) -> str:
        """Format the month of a day, as a heading: "May 2026"."""
        return self.heading(str(format_skeleton("yMMMM", day, locale=self._locale)))

    def days(self, first: date, last: date) -> str:
        """Format a range of days: "2–8 May 2026"; a single one with its weekday."""
        return self.heading(self.day_of_week(last)) if first >= last else _days(first, last, self.code, self._locale)

    def _ordinal(self, day: date, formatted: str) -> str:
        """Write the first of a month as the language does: "1er mai" (CLDR does not)."""
        return (
            formatted.replace("1 ", f"{_FIRST[self.code]} ", 1) if day.day == 1 and self.code in _FIRST else formatted
        )

    @property
    def _typography(self) -> Typography:
        return TYPOGRAPHY[self.code]


def _filled(message: str, translated: str, values: dict[str, object]) -> Markup:
    """Fill a translated message; its markup is trusted only if the message is one of ours, not somebody's text."""
    is_ours = message in _messages_with_markup()
    made = Markup(translated) if is_ours else escape(translated)  # noqa: S704 - the catalogues are ours
    return made % values if values else made


@cache
def _messages_with_markup() -> frozenset[str]:
    ids = (one.id for one in _parse_catalogue(LANGUAGES[1]))
    singulars = (one[0] if isinstance(one, tuple | list) else one for one in ids)
    return frozenset(one for one in singulars if "<" in one)


def _on_markup(join: Callable[..., str]) -> Callable[..., Markup]:
    """Let a function that joins texts join markup, and escape what is none."""

    def joined(*arguments: str | Iterable[str], **options: bool) -> Markup:
        escaped = (escape(one) if isinstance(one, str) else map(escape, filter(None, one)) for one in arguments)
        return Markup(join(*escaped, **options))  # noqa: S704 - all of it is escaped

    return joined


# Formatted for every message, but there are few distinct days of subscription and few distinct numbers.
@lru_cache(maxsize=4096)
def _number(number: float, locale: Locale) -> str:
    # The narrow no-break space of French is not in the fonts of every mail program.
    return str(format_decimal(number, locale=locale)).replace("\u202f", "\u00a0")


@lru_cache(maxsize=4096)
def _day(day: date, locale: Locale) -> str:
    return str(format_date(day, "long", locale))


@lru_cache(maxsize=512)
def _day_of_week(day: date, locale: Locale) -> str:
    return str(format_date(day, "full", locale))


@lru_cache(maxsize=512)
def _days(first: date, last: date, code: str, locale: Locale) -> str:
    return format_range(first, last, code, locale)


@lru_cache(maxsize=512)
def _short_day(day: date, locale: Locale) -> str:
    return str(format_skeleton("MMMd", day, locale=locale))


@cache
def language(code: str) -> Language:
    """Return the language of a code, or English if the code is unknown."""
    known = code if code in LANGUAGES else "en"
    return Language(known, _read_catalogue(known), Locale.parse(_LOCALES[known]))


def _read_catalogue(code: str) -> gettext.NullTranslations:
    """Compile a language's .po file in memory, so that there is no .mo file that could go stale."""
    if code == "en":
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _parse_catalogue(code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _parse_catalogue(code: str) -> Catalog:
    with locale_catalogue(code).open("rb") as file:
        return read_po(file, locale=code)
