"""When to run: APScheduler fires by a crontab line. The store, not the scheduler, knows what was done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from newsletter.config.cron import cron_trigger, next_run
from newsletter.operations.shutdown import Shutdown


def serve(cron: str, job: Callable[[], None], shutdown: Shutdown) -> None:
    """Call `job` whenever `cron` (a crontab line, in UTC) fires, until a shutdown; a running call is finished first.

    Calls never overlap. Those missed while the machine slept are replaced by one.

    Raises:
        ConfigError: `cron` is not a valid crontab line.
    """
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415

    next_run(cron, datetime.now(UTC))
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        job,
        cron_trigger(cron),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # the default of one second drops late jobs
    )
    scheduler.start()
    shutdown.wait()
    scheduler.shutdown(wait=True)
