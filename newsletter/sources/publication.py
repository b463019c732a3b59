"""When a source publishes its list of the day, as far as that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_A_DAY = timedelta(days=1)


def _no_holiday(_day: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Publication:
    """A list for every day from Monday to Friday that is no holiday, at one time of day."""

    zone: str
    at: time
    is_holiday: Callable[[date], bool] = _no_holiday

    def latest(self, moment: datetime) -> datetime:
        """Return when the latest list by `moment` was published, in UTC."""
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        while not (self._has_list(day) and self._published(day) <= moment):
            day -= _A_DAY
        return self._published(day)

    def following(self, moment: datetime) -> datetime:
        """Return when the first list after `moment` is published, in UTC."""
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        while not (self._has_list(day) and self._published(day) > moment):
            day += _A_DAY
        return self._published(day)

    def _has_list(self, day: date) -> bool:
        return day.weekday() < 5 and not self.is_holiday(day)

    def _published(self, day: date) -> datetime:
        return datetime.combine(day, self.at, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def _is_arxiv_holiday(day: date) -> bool:
    """Return whether arXiv announces nothing on a day: around Thanksgiving, Christmas and the New Year.

    https://info.arxiv.org/help/availability.html lists the days of each year. Where this differs, editions go out on
    time without that day's list, or wait for it in vain until their deadline.
    """
    if (day.month, day.day) in ((1, 1), (12, 25)):
        return True
    return day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29  # announced on the evening of Thanksgiving


#: The feeds: https://info.arxiv.org/help/rss.html
ARXIV = Publication("America/New_York", time(0, 5), _is_arxiv_holiday)
#: The list of a day opens at midnight UTC and grows; by then it has its first papers.
HUGGING_FACE = Publication("UTC", time(2))
