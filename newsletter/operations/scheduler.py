"""When to run: APScheduler decides "now" from a crontab line. What ran is known to the store, not to the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from newsletter.errors import ConfigError
from newsletter.operations.shutdown import Stop


def next_run(cron: str, after: datetime) -> datetime:
    """Return when a crontab line, read in UTC, fires next.

    Raises:
        ConfigError: It is not a crontab line, or never fires.
    """
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - only `serve` needs it

    try:
        moment = CronTrigger.from_crontab(cron, timezone=UTC).get_next_fire_time(None, after)
    except ValueError as error:
        raise ConfigError(
            f"schedule.cron: {cron!r} is not a crontab line: {error}", hint='as in "5 * * * *"'
        ) from error
    if moment is None:
        raise ConfigError(f"schedule.cron: {cron!r} never comes")
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def serve(cron: str, job: Callable[[], None], stop: Stop) -> None:
    """Call `job` whenever `cron` (crontab, UTC) fires, until told to stop; a call under way is finished first.

    Calls never overlap, and those missed while the machine slept are made up for by one.

    Raises:
        ConfigError: `cron` is not a crontab line.
    """
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    next_run(cron, datetime.now(UTC))
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        job,
        CronTrigger.from_crontab(cron, timezone=UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # the default of one second drops late jobs
    )
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
