"""Moments, as the operator's pages write them: by the clock of a time zone, and as the page's language does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import format_decimal
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Moments:
    """Writes moments in one language, and by the clock of one time zone where no other one is meant."""

    locale: Locale
    zone: ZoneInfo

    def element(self, moment: datetime) -> Markup:
        """Return a moment as an element."""
        return self.local_element(moment.astimezone(self.zone))

    def text(self, moment: datetime) -> str:
        """Return a moment as text: "8 May 2026, 16:05"."""
        return self.local_text(moment.astimezone(self.zone))

    def span(self, first: datetime, last: datetime) -> Markup:
        """Return two moments as elements, the day only once if it is the same one: "8 May 2026, 16:05 – 16:09"."""
        first, last = first.astimezone(self.zone), last.astimezone(self.zone)
        if first.date() != last.date():
            return Markup("{}<br>{}").format(self.local_element(first), self.local_element(last))
        if self._clock(first) == self._clock(last):
            return self.local_element(first)
        return Markup("{} – {}").format(self.local_element(first), self._clock(last))

    def local_element(self, moment: datetime) -> Markup:
        """Return a moment as an element, by the clock of its own time zone."""
        return Markup('<time datetime="{}">{}</time>').format(f"{moment:%Y-%m-%dT%H:%M%z}", self.local_text(moment))

    def local_text(self, moment: datetime) -> str:
        """Return a moment as text, by the clock of its own time zone."""
        day = format_date(moment, "medium", locale=self.locale)
        pattern = str(get_datetime_format("medium", locale=self.locale))
        return pattern.replace("{1}", day).replace("{0}", self._clock(moment)).replace("'", "")

    def decimal(self, number: float) -> str:
        """Return a number with its decimals: "29.6"."""
        return str(format_decimal(number, locale=self.locale))

    def _clock(self, moment: datetime) -> str:
        return str(format_time(moment.time(), "HH:mm", locale=self.locale))
