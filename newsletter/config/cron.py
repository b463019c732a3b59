"""When `newsletter serve` runs: a crontab line, in UTC, read as crontab(5) says.

APScheduler reads such lines differently: its weekday 0 is Monday, 7 is refused, and a day has to satisfy both the field
of the month and that of the week.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

#: Lines that are known to be valid, as most are: minutes and hours of every day. APScheduler takes 50 ms to import.
_EVERY_DAY = re.compile(r"(?:\*|\*/[1-9]|[0-5]?[0-9]) (?:\*|\*/[1-9]|1?[0-9]|2[0-3]) \* \* \*", re.ASCII)

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = rf"[0-7]|{'|'.join(_WEEKDAYS)}"
_DAYS_OF_WEEK = re.compile(rf"(?:\*|({_DAY})(?:-({_DAY}))?)(?:/([1-7]))?", re.ASCII)


def check_cron(cron: str, name: str = "schedule.cron") -> str:
    """Return a crontab line that is valid; `name` is that of the setting.

    Raises:
        ConfigError: The line is not valid, or never fires.
    """
    if not _EVERY_DAY.fullmatch(cron):
        next_run(cron, datetime.now(UTC), name)
    return cron


def next_run(cron: str, after: datetime, name: str = "schedule.cron") -> datetime:
    """Return when a crontab line fires first after a moment, in UTC.

    Raises:
        ConfigError: The line is not valid, or never fires.
    """
    moment = cron_trigger(cron, name).get_next_fire_time(None, after + timedelta(microseconds=1))
    if moment is None:
        raise ConfigError(f"{name}: {cron!r} never fires")
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def cron_trigger(cron: str, name: str = "schedule.cron") -> BaseTrigger:
    """Return the trigger of a crontab line.

    Days of the month and of the week are alternatives, unless one of the fields begins with a star: crontab(5).

    Raises:
        ConfigError: The line is not valid.
    """
    from apscheduler.triggers.combining import OrTrigger  # noqa: PLC0415 - takes 50 ms to import
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    try:
        minute, hour, day, month, weekday = _fields(cron)
        names = _weekday_names(weekday)
        either = not day.startswith("*") and not weekday.startswith("*")
        pairs = [(day, "*"), ("*", names)] if either else [(day, names)]
        triggers = [CronTrigger.from_crontab(f"{minute} {hour} {d} {month} {w}", timezone=UTC) for d, w in pairs]
    except ValueError as error:
        raise ConfigError(
            f"{name}: not a valid crontab line: {cron!r}: {error}", hint='for example "5 * * * *"'
        ) from error
    return OrTrigger(triggers) if either else triggers[0]


def _fields(cron: str) -> list[str]:
    """Return the five fields of a crontab line or nickname.

    Raises:
        ValueError: There are more or fewer.
    """
    fields = _NICKNAMES.get(cron.strip().lower(), cron).split()
    if len(fields) != 5:
        raise ValueError(f"it has {len(fields)} fields, not 5")
    return fields


def _weekday_names(field: str) -> str:
    """Return a crontab's days of the week as names, which mean the same to APScheduler.

    Raises:
        ValueError: The field is not valid.
    """
    days: set[int] = set()
    for part in field.lower().split(","):
        match = _DAYS_OF_WEEK.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no day of the week")
        first, last, step = match.groups()
        if first and step and not last:
            raise ValueError(f"a step needs a range: {part!r}")
        start = _number(first) if first else 0
        end = (_number(last) if last else start) if first else 6
        if last == "sun":
            end = 7  # "fri-sun"
        if end < start:
            raise ValueError(f"{part!r} is backwards")
        days.update(number % 7 for number in range(start, end + 1, int(step or 1)))
    return "*" if len(days) == 7 else ",".join(_WEEKDAYS[number] for number in sorted(days))


def _number(day: str) -> int:
    return int(day) if day.isdigit() else _WEEKDAYS.index(day)
