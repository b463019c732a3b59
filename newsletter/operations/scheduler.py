"""When to run: APScheduler decides "now" from a crontab line. What ran is known to the store, not to the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from newsletter.operations.shutdown import Shutdown
from newsletter.pipeline.schedule import next_run


def serve(cron: str, job: Callable[[], None], stop: Shutdown) -> None:
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
