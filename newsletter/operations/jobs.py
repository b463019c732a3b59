"""The jobs of `newsletter serve`: what each does, and when it is due, by what the store knows.

To add a job, add a row to `make_jobs`. Each runs in a thread of its own, so that none delays mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from newsletter.config.cron import next_run
from newsletter.config.model import Config
from newsletter.errors import AlreadySending
from newsletter.operations.after_run import monitor
from newsletter.operations.backup import make_backup, rotate
from newsletter.operations.job_names import (
    BACKUP,
    BOUNCES,
    DELIVER,
    MODELS,
    MONITOR,
    NOTICES,
    PULL,
    RETENTION,
    SUMMARIES,
)  # fmt: skip
from newsletter.operations.retention import prune_daily
from newsletter.pipeline.next_delivery import next_delivery
from newsletter.pipeline.ports import Ports, Step, no_progress
from newsletter.pipeline.pull_due import pull_sources
from newsletter.pipeline.run import RunReport, deliver_due, learn_models, make_summaries, read_bounces, send_notices
from newsletter.pipeline.source_schedule import next_pull, read_state
from newsletter.sources import Source
from newsletter.sources.settings import label_of
from newsletter.store import Store
from newsletter.store.jobs import JobState
from newsletter.text import counted

#: The step of a run that a job does.
_STEPS = {
    DELIVER: Step.DELIVER,
    NOTICES: Step.NOTICES,
    BOUNCES: Step.BOUNCES,
    MODELS: Step.TASTE,
    SUMMARIES: Step.SUMMARIES,
}

_HOUR = timedelta(hours=1)
_BOUNCE_INTERVAL = timedelta(minutes=10)
_MONITOR_INTERVAL = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What one run of a job did."""

    #: In one line.
    detail: str
    is_clean: bool = True
    #: What it did in full, where that is to be printed.
    report: RunReport | None = None
    #: Names of jobs that are to run now.
    wakes: tuple[str, ...] = ()
    #: Whether there is anything to tell an operator.
    is_news: bool = True


#: Returns when a job is due; a moment that has passed means now, None never.
NextAt = Callable[[Store, JobState, datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Job:
    """One job."""

    name: str
    next_at: NextAt
    #: Raises NewsletterError if the job failed.
    act: Callable[[], JobResult]
    #: A job that is later than this, since nothing ran, is not made up for, but reported; None makes up for any.
    grace: timedelta | None = None
    #: After a failure, it is tried again so much later.
    retry: timedelta = timedelta(minutes=15)
    #: It runs whenever the scheduler starts: it goes on with what was left by an earlier run.
    at_start: bool = False
    #: A shutdown waits for it, within its grace; others are given up, and begin anew next time.
    is_mail: bool = False


def every(interval: timedelta) -> NextAt:
    """Return the times of a job that is repeated at an interval; the first time is now."""

    def next_at(_store: Store, state: JobState, now: datetime) -> datetime:
        return now if state.began_at is None else min(state.began_at, now) + interval

    return next_at


def by_cron(line: str) -> NextAt:
    """Return the times of a crontab line, in UTC."""

    def next_at(_store: Store, state: JobState, now: datetime) -> datetime:
        return next_run(line, now if state.began_at is None else min(state.began_at, now))

    return next_at


def make_jobs(config: Config, ports: Ports) -> list[Job]:
    """Return the jobs of a site."""
    quiet = replace(ports, show_progress=no_progress)  # several jobs would write over each other
    jobs = [
        Job(
            DELIVER,
            lambda store, _state, now: next_delivery(store, config, now),
            partial(_deliver, config, ports),
            retry=timedelta(minutes=5),
            at_start=True,
            is_mail=True,
        ),
        Job(NOTICES, _next_notices, partial(_notices, config, quiet), retry=timedelta(minutes=1), is_mail=True),
        *(
            Job(
                pull_name(source),
                partial(_next_pull, config, source),
                partial(_pull, config, quiet, source),
            )
            for source in config.sources
        ),
        Job(MODELS, every(_HOUR), partial(_models, config, quiet)),
        Job(MONITOR, every(_MONITOR_INTERVAL), partial(_monitor, config, quiet)),
        Job(RETENTION, every(_HOUR), partial(_prune, config, quiet)),
    ]
    if config.bounces.mailboxes:
        jobs.append(Job(BOUNCES, every(_BOUNCE_INTERVAL), partial(_bounces, config, quiet)))
    if config.backup.cron is not None:
        jobs.append(Job(BACKUP, by_cron(config.backup.cron), partial(_back_up, config, quiet)))
    if config.summaries is not None:
        jobs.append(Job(SUMMARIES, by_cron(config.cron), partial(_summaries, config, quiet), grace=_HOUR))
    return jobs


def pull_name(source: Source) -> str:
    """Return the name of the job that pulls a source."""
    return f"{PULL}{label_of(source)}"


def _next_pull(config: Config, source: Source, store: Store, _state: JobState, now: datetime) -> datetime:
    return next_pull(read_state(store, config.timings, source), config.cron, now)


def _pull(config: Config, ports: Ports, source: Source) -> JobResult:
    reports = tuple(pull_sources(config, ports, [source]))
    new = sum(one.new for one in reports)
    error = next((one.error for one in reports if one.error), None)
    detail = error or f"{counted(sum(one.fetched for one in reports), 'paper')}, {new} new"
    return JobResult(detail, error is None, RunReport(pulls=reports), wakes=(MODELS,) if new else ())


def _deliver(config: Config, ports: Ports) -> JobResult:
    try:
        report = deliver_due(config, ports, waits=True)
    except AlreadySending:  # a `run` beside this process; what it leaves is found by the next look
        return JobResult("another process is sending", wakes=(DELIVER,), is_news=False)
    detail = str(report.error) if report.error else report.totals() or "no subscribers"
    return JobResult(detail, report.error is None, RunReport(deliveries=report))


def _next_notices(store: Store, state: JobState, now: datetime) -> datetime | None:
    """Return when the next confirmation email is to be sent; one that was deferred is tried again a minute later."""
    hourly = every(_HOUR)(store, state, now)  # which deletes old requests
    waiting = store.confirmations.next_waiting()
    if waiting is None or hourly is None:
        return hourly
    last = min(state.began_at, now) if state.began_at else None
    return min(hourly, waiting if last is None or waiting > last else last + timedelta(minutes=1))


def _notices(config: Config, ports: Ports) -> JobResult:
    sent = send_notices(config, ports)
    return JobResult(f"{counted(sent, 'email')} sent", report=RunReport(notices=sent), is_news=sent > 0)


def _bounces(config: Config, ports: Ports) -> JobResult:
    mail = read_bounces(config, ports)
    number = mail.messages if mail else 0
    return JobResult(f"{counted(number, 'message')} read", report=RunReport(mail=mail), is_news=number > 0)


def _models(config: Config, ports: Ports) -> JobResult:
    number = learn_models(config, ports)
    return JobResult(f"{counted(number, 'model')} learned", is_news=number > 0)


def _monitor(config: Config, ports: Ports) -> JobResult:
    problems = monitor(config, ports)
    return JobResult("; ".join(problems) or "done", is_clean=not problems, is_news=bool(problems))


def step_of(name: str) -> Step | None:
    """Return the step of a run that a job does; None if it is no part of a run."""
    return Step.PULL if name.startswith(PULL) else _STEPS.get(name)


def _prune(config: Config, ports: Ports) -> JobResult:
    """Delete what is too old, once a day, for a minute in each hour at most."""
    with ports.open_store() as store:
        report = prune_daily(store, config, ports.clock(), is_over=ports.is_shutting_down)
    if report is None:
        return JobResult("done today", is_news=False)
    number = report.digests + report.deliveries + report.events + report.papers
    return JobResult(f"{counted(number, 'row')} deleted", is_news=report.has_deleted)


def _back_up(config: Config, ports: Ports) -> JobResult:
    with ports.open_store() as store:
        made = make_backup(config, store, ports.clock())
    rotate(made.path.parent, config.backup.keep)
    return JobResult(str(made.path))


def _summaries(config: Config, ports: Ports) -> JobResult:
    report = make_summaries(config, ports)
    made = report.made if report else 0
    error = report.error if report else None
    detail = error or f"{made} {'summary' if made == 1 else 'summaries'} made"
    return JobResult(detail, error is None, RunReport(summaries=report), is_news=made > 0)
