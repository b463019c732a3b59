"""`newsletter schedule`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.progress import make_ports
from newsletter.cli.tables import print_table
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.operations.jobs import Job
    from newsletter.store.jobs import JobState


@click.command(
    epilog="""\b
Examples:
  newsletter schedule
  newsletter schedule --json

Moments are in schedule.time_zone, those of subscribers also in theirs. `newsletter serve` runs the jobs."""
)
@json_option
@pass_opened
def schedule(opened: Opened, as_json: bool) -> None:
    """Show when each job of `serve` runs next."""
    from newsletter.operations.due_jobs import due_moments
    from newsletter.operations.jobs import make_jobs
    from newsletter.operations.leadership import LEASE
    from newsletter.pipeline.next_delivery import next_by_zone

    moment = now()
    jobs = make_jobs(opened.config, make_ports(opened))
    with opened.store() as store:
        states = store.jobs.all()
        due = due_moments(store, jobs, states, moment)
        waves = next_by_zone(store, moment)
        lease = store.leases.find(LEASE)
        workers = len(store.workers.alive(moment))
    holder = lease.holder if lease and lease.expires_at > moment else None
    if as_json:
        print_json(
            {
                "now": moment,
                "time_zone": opened.config.time_zone,
                "scheduler": holder,
                "jobs": [
                    _job(job, states.get(job.name), due[job.name], opened.config.time_zone, waves) for job in jobs
                ],
                "zones": [
                    {"time_zone": zone, "next_at": at, "local": at.astimezone(ZoneInfo(zone)), "subscribers": number}
                    for zone, (at, number) in waves.items()
                ],
            }
        )
        return
    zone = ZoneInfo(opened.config.time_zone)

    def shown(at: datetime | None) -> str:
        return "–" if at is None else "now" if at <= moment else f"{at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"

    def last(state: JobState | None) -> tuple[str, str]:
        if state is None or state.finished_at is None or state.outcome is None:
            return "never", ""
        return f"{state.finished_at.astimezone(zone):%Y-%m-%d %H:%M:%S}", f"{state.outcome}: {state.detail}"

    rows = [(job.name, shown(due[job.name]), *last(states.get(job.name))) for job in jobs]
    print_table(("job", f"next run ({opened.config.time_zone})", "last run", "outcome"), rows, optional=("last run",))
    if waves:
        click.echo()
        local = [
            (name, f"{at.astimezone(ZoneInfo(name)):%a %Y-%m-%d %H:%M}", shown(at), number)
            for name, (at, number) in waves.items()
        ]
        headers = ("time zone", "next hour of subscribers", opened.config.time_zone, "subscribers")
        print_table(headers, local)
    if holder:
        click.echo(f"{holder} schedules")
    elif workers:
        click.echo(f"{counted(workers, 'worker')} plan each minute")
    else:
        click.echo("no process schedules now: start `newsletter serve`, or use cron")


def _job(
    job: Job, state: JobState | None, due: datetime | None, time_zone: str, waves: dict[str, tuple[datetime, int]]
) -> dict[str, Any]:
    """Return what JSON says about a job: when it runs next, also by the clock of each time zone."""
    zones = dict.fromkeys((time_zone, *waves))
    return {
        "name": job.name,
        "next_at": due,
        "local": {zone: due.astimezone(ZoneInfo(zone)) for zone in zones} if due else {},
        "began_at": state and state.began_at,
        "finished_at": state and state.finished_at,
        "outcome": state and state.outcome,
        "detail": state.detail if state else "",
        "succeeded_at": state and state.succeeded_at,
    }
