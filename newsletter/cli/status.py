"""`newsletter status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json
from newsletter.cli.tables import print_table, visible
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.operations.disk import DiskStatus
    from newsletter.operations.edition_status import EditionStatus
    from newsletter.operations.source_health import SourceStatus
    from newsletter.operations.status import FleetStatus, MailStatus, RunStatus, SiteStatus

_LABEL_WIDTH = 13
#: Jobs that are shown.
_JOBS = 3


@click.command(
    epilog="""\b
Examples:
  newsletter status
  newsletter status --json | jq .problems
  # for monitoring
  newsletter status >/dev/null || echo "look at the newsletter"

Exit code 0 if everything is all right, 1 if not: the problems are listed first. Nothing is changed, and no server is
asked; `newsletter doctor` does that."""
)
@json_option
@pass_opened
def status(opened: Opened, as_json: bool) -> None:
    """Show on one screen whether everything is all right."""
    from newsletter.errors import ConfigError
    from newsletter.operations.status import read_status

    try:
        with opened.store() as store:
            found = read_status(store, opened.config, now())
    except OSError as error:
        raise ConfigError(f"{opened.site.root}: {error.strerror or error}") from error
    if as_json:
        print_json(found)
    else:
        _show(found)
    finish(clean=not found.problems)


def _show(found: SiteStatus) -> None:
    result = counted(len(found.problems), "problem") if found.problems else "everything is all right"
    click.echo(f"{visible(found.site)}, {_moment(found.at)} UTC: {result}")
    for problem in found.problems:
        click.echo(f"  ! {visible(problem)}")
    click.echo()
    _show_lines(
        [
            *_run_lines(found.runs, has_workers=found.fleet is not None),
            *(_fleet_lines(found.fleet) if found.fleet else ()),
        ]
    )
    click.echo()
    if found.editions:
        print_table(
            ("edition", "state", "planned", "sent", "waiting", "failed", "skipped", "held", "bounced"),
            [_edition_row(one) for one in found.editions],
            optional=("bounced", "skipped", "held"),
        )
    else:
        _show_lines([("editions", "none yet")])
    click.echo()
    if found.sources:
        print_table(
            ("source", "health", "last pull", "new", "last new paper"),
            [_source_row(one) for one in found.sources],
            optional=("last new paper",),
        )
    else:
        _show_lines([("sources", "none: add [[sources]] to newsletter.toml")])
    click.echo()
    _show_lines(_mail_lines(found.mail))
    subscribers = _counts(found.subscribers) or "none"
    _show_lines([("subscribers", subscribers), ("papers", f"{found.papers:,}"), ("disk", _disk_line(found.disk))])
    _show_lines([("last backup", _moment(found.backup_at))])
    versions = found.versions
    line = f"newsletter {versions.newsletter}, Python {versions.python}, {versions.database}, {versions.schema}"
    _show_lines([("versions", line)])


def _show_lines(lines: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
    for label, text in lines:
        click.echo(f"{label:<{_LABEL_WIDTH}}{visible(text)}")


def _run_lines(runs: RunStatus, *, has_workers: bool) -> Iterator[tuple[str, str]]:
    last = runs.last
    if last is None:
        yield "last run", "none yet: newsletter run, or newsletter serve"
        return
    if last.finished_at is None:
        yield "last run", f"began at {_moment(last.began_at)} ({last.command}), not finished"
    else:
        took = (last.finished_at - last.began_at).total_seconds()
        result = "clean" if last.is_clean else "not clean"
        outcomes = f"; {_counts(last.outcomes)}" if last.outcomes else ""
        yield "last run", f"{_moment(last.began_at)} ({last.command}), {result}, {took:.0f} s{outcomes}"
    if last.is_clean is not True:
        yield "last clean", _moment(runs.last_clean_at)
    if runs.jobs:
        coming = sorted((job.next_at, job.name) for job in runs.jobs if job.next_at is not None)
        yield "next run", ", ".join(f"{name} {_moment(at)}" for at, name in coming[:_JOBS])
        yield "scheduler", runs.scheduler or "no newsletter serve is running"
    elif runs.usual_s is not None and not has_workers:
        yield "next run", f"by the timer that starts it, every {_duration(runs.usual_s)}"


def _fleet_lines(fleet: FleetStatus) -> Iterator[tuple[str, str]]:
    label = "workers"
    for worker in fleet.workers:
        sends = "" if worker.shard is None else f", sends the shard of delivery {worker.shard}"
        yield label, f"process {worker.pid} on {worker.host} since {_moment(worker.began_at)}{sends}"
        label = ""
    waiting, leased = counted(fleet.shards_waiting, "shard"), fleet.shards_leased
    yield "ledger", f"{waiting} waiting, {leased} being sent"
    if fleet.workers:
        yield "next run", "by the workers, each minute"


def _edition_row(one: EditionStatus) -> tuple[object, ...]:
    counts = one.deliveries
    rest = (counts.get(name, 0) for name in ("failed", "skipped", "held"))
    return (one.key, one.state, one.planned, one.done, one.waiting, *rest, one.bounced)


def _source_row(one: SourceStatus) -> tuple[object, ...]:
    return (one.label, one.health, _moment(one.last_pull_at), one.new, _moment(one.last_new_at))


def _mail_lines(mail: MailStatus) -> Iterator[tuple[str, str]]:
    bounces = _counts(mail.bounces) or "none"
    review = f", {mail.for_review} to decide on" if mail.for_review else ""
    yield "failures", f"{_counts(mail.bad) or 'none'} in the last 7 days"
    for one in mail.failures:
        yield "", f"{one.edition}, subscriber {one.subscriber_id}: {one.status}: {one.response[:100]}"
    yield "bounces", f"{bounces} in the last 7 days{review}; {mail.suppressed} suppressed"
    for reading in mail.mailboxes:
        result = reading.error or counted(reading.messages, "message")
        yield "mailbox", f"{reading.mailbox} read at {_moment(reading.read_at)}: {result}"


def _disk_line(disk: DiskStatus) -> str:
    from newsletter.operations.disk import in_words

    outbox = "" if disk.outbox_messages is None else f", {counted(disk.outbox_messages, 'message')} in the outbox"
    database = "on a server" if disk.database is None else in_words(disk.database)
    return f"database {database}{outbox}; {in_words(disk.free)} of {in_words(disk.total)} free"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))


def _duration(seconds: int) -> str:
    hours, minutes = round(seconds / 3600), round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
