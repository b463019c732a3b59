"""When `newsletter serve` runs: a crontab line, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from newsletter.errors import ConfigError

#: Lines that are known to be valid, as most are: minutes and hours of every day. APScheduler takes 50 ms to import.
_EVERY_DAY = re.compile(r"(?:\*|\*/[1-9]|[0-5]?[0-9]) (?:\*|\*/[1-9]|1?[0-9]|2[0-3]) \* \* \*", re.ASCII)


def check_cron(cron: str) -> str:
    """Return a crontab line that is valid.

    Raises:
        ConfigError: The line is not valid, or never fires.
    """
    if not _EVERY_DAY.fullmatch(cron):
        next_run(cron, datetime.now(UTC))
    return cron


def next_run(cron: str, after: datetime) -> datetime:
    """Return when a crontab line fires next, in UTC.

    Raises:
        ConfigError: The line is not valid, or never fires.
    """
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - takes 50 ms to import

    try:
        moment = CronTrigger.from_crontab(cron, timezone=UTC).get_next_fire_time(None, after)
    except ValueError as error:
        raise ConfigError(
            f"schedule.cron: not a valid crontab line: {cron!r}: {error}", hint='for example "5 * * * *"'
        ) from error
    if moment is None:
        raise ConfigError(f"schedule.cron: {cron!r} never fires")
    return datetime.fromtimestamp(moment.timestamp(), UTC)
