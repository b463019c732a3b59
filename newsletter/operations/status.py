"""Is everything all right? What a site's store, settings and disk say, as data: `newsletter status` prints it.

Everything is read in a bounded number of statements, each of which uses an index, however old the store is.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter import __version__
from newsletter.config.model import Config
from newsletter.models import DeliveryStatus
from newsletter.operations.backup import BACKUP_AT
from newsletter.operations.disk import DiskStatus, disk_status, in_words
from newsletter.operations.edition_status import EditionStatus, edition_statuses
from newsletter.operations.intervals import overdue_at, usual_between_runs
from newsletter.operations.job_names import job_label
from newsletter.operations.leadership import LEASE
from newsletter.operations.source_health import Health, SourceStatus, source_statuses
from newsletter.rendering.language import Language, language
from newsletter.store import Store
from newsletter.store.incidents import Incident, IncidentKind
from newsletter.store.jobs import JobOutcome, JobState
from newsletter.store.runs import MailboxReading, Run
from newsletter.store.workers import Worker

_EDITIONS, _FAILURES = 7, 5
#: Runs from which the usual time between two is found.
_RUNS = 20
_RECENTLY = timedelta(days=7)
#: Mail that waits for longer than this is a problem.
_LONGEST_WAIT = timedelta(hours=6)
#: A run that takes longer than this was killed, or hangs.
_LONGEST_RUN = timedelta(hours=12)
#: A job of `serve` that is later than this does not come.
_LATEST_JOB = timedelta(minutes=15)
_DAY = timedelta(days=1)
#: The failures of these jobs are shown by the sources and the last run; the monitor's would fail itself.
_SHOWN_BY_OTHERS = re.compile(r"pull .*|deliver|monitor")


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The last runs, and the next."""

    #: The last one, whether it is finished or not; None if there was none.
    last: Run | None
    last_clean_at: datetime | None
    #: When a job of `serve` runs next; None if the last run came from a timer of another program.
    next_at: datetime | None
    #: The usual time between two runs, in seconds; None if too few are known.
    usual_s: int | None
    #: From when on the next run is overdue: after three times the usual time between runs; None if too few are known.
    overdue_at: datetime | None
    #: Which process schedules, if one does.
    scheduler: str | None = None
    #: The jobs of `serve`; empty if runs come from a timer of another program.
    jobs: tuple[JobState, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureStatus:
    """One delivery that failed or is held; the subscriber by number."""

    edition: str
    subscriber_id: int
    status: DeliveryStatus
    at: datetime
    response: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStatus:
    """What became of mail in the last seven days, and what came back."""

    #: Number of deliveries that failed, or are held, by status.
    bad: Mapping[str, int]
    failures: tuple[FailureStatus, ...]
    #: Since when the oldest edition waits that is not sent completely.
    waiting_since: datetime | None
    #: Bounces and complaints by kind.
    bounces: Mapping[str, int]
    #: Bounces that wait for a decision.
    for_review: int
    suppressed: int
    mailboxes: tuple[MailboxReading, ...]


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """The workers that are alive, and what they share."""

    workers: tuple[Worker, ...]
    #: Shards of the ledger that wait for a worker, and that one has.
    shards_waiting: int
    shards_leased: int


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs."""

    newsletter: str
    python: str
    #: The database's program, with its version.
    database: str
    #: The last migration of the database.
    schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """The status of a site at a moment."""

    at: datetime
    site: str
    #: What is wrong, a sentence each, in English; empty if everything is all right.
    problems: tuple[str, ...] = ()
    sources: tuple[SourceStatus, ...]
    runs: RunStatus
    #: None if there are no workers.
    fleet: FleetStatus | None = None
    editions: tuple[EditionStatus, ...]
    mail: MailStatus
    #: Number of subscribers by status.
    subscribers: Mapping[str, int]
    papers: int
    incidents: tuple[Incident, ...]
    disk: DiskStatus
    #: When the latest backup was made; None if there is none.
    backup_at: datetime | None
    versions: Versions


def read_status(store: Store, config: Config, now: datetime) -> SiteStatus:
    """Return the status of a site.

    Raises:
        StoreError: The store cannot be read.
        OSError: The site's folder cannot be read.
    """
    sources, runs, mail = source_statuses(store, config, now), _runs(store, now), _mail(store, now)
    disk, incidents = disk_status(config), tuple(store.incidents.open())
    status = SiteStatus(
        at=now,
        site=config.site_name,
        sources=sources,
        runs=runs,
        fleet=_fleet(store, now),
        editions=tuple(edition_statuses(store, store.editions.latest(_EDITIONS))),
        mail=mail,
        subscribers=store.subscribers.counts(),
        papers=store.papers.count(),
        incidents=incidents,
        disk=disk,
        backup_at=datetime.fromisoformat(made_at) if (made_at := store.fact(BACKUP_AT)) else None,
        versions=Versions(__version__, platform.python_version(), *store.versions()),
    )
    return replace(status, problems=tuple(problems_of(status, language("en"))))


def _runs(store: Store, now: datetime) -> RunStatus:
    runs, jobs = store.runs.latest(_RUNS), store.jobs.all()
    last, last_clean_at = runs[0] if runs else None, store.runs.last_clean()
    lease = store.leases.find(LEASE)
    scheduler = lease.holder if lease is not None and lease.expires_at > now else None
    by_timer = [run.began_at for run in runs if run.command != "serve"]
    served_at = max((one.began_at for one in jobs.values() if one.began_at), default=None)
    if scheduler is not None or (served_at is not None and served_at > max(by_timer, default=served_at - _DAY)):
        next_at = min((one.next_at for one in jobs.values() if one.next_at), default=None)
        late = next_at + _LATEST_JOB if next_at is not None else None
        return RunStatus(last, last_clean_at, next_at, None, late, scheduler, tuple(jobs.values()))
    usual = usual_between_runs(by_timer)
    seconds = int(usual.total_seconds()) if usual else None
    return RunStatus(last, last_clean_at, None, seconds, overdue_at(by_timer), None, ())


def _fleet(store: Store, now: datetime) -> FleetStatus | None:
    workers = store.workers.alive(now)
    return FleetStatus(tuple(workers), *store.shards.counts()) if workers else None


def _mail(store: Store, now: datetime) -> MailStatus:
    since = now - _RECENTLY
    return MailStatus(
        bad=store.deliveries.bad_counts(since),
        failures=tuple(
            FailureStatus(one.edition_key, one.subscriber_id, one.status, one.updated_at, one.detail)
            for one in store.deliveries.latest_bad(since, _FAILURES)
        ),
        waiting_since=store.deliveries.oldest_open(),
        bounces=store.bounces.counts_since(since),
        for_review=len(store.bounces.pending_review()),
        suppressed=sum(store.suppressions.count()),
        mailboxes=tuple(store.runs.readings()),
    )


# -- what is wrong ---------------------------------------------------------------------------------------

#: Kinds of incidents of which the status knows more than the incident does.
_SHOWN_OTHERWISE = frozenset({IncidentKind.SOURCE_SILENT, IncidentKind.RUN_STOPPED})


def problems_of(status: SiteStatus, spoken: Language) -> Iterator[str]:
    """Yield what is wrong with a site, a sentence each, in a language.

    What programs and servers said themselves (errors of sources, mailboxes and jobs) stays as it is.
    """
    yield from _problems_of_runs(status, spoken)
    yield from _problems_of_sources(status.sources, spoken)
    yield from _problems_of_mail(status.mail, status.at, spoken)
    shown = (one for one in status.incidents if one.kind not in _SHOWN_OTHERWISE)
    yield from (f"{_incident(one.kind, spoken)}: {one.subject}: {one.detail}" for one in shown)
    if status.disk.is_low:
        yield spoken.gettext("the disk is nearly full: %(size)s free", size=in_words(status.disk.free, spoken))


def _incident(kind: IncidentKind, spoken: Language) -> str:
    pgettext = spoken.pgettext
    return {
        IncidentKind.RUN_STOPPED: pgettext("incident", "run stopped"),
        IncidentKind.EDITION_FAILED: pgettext("incident", "edition failed"),
        IncidentKind.EDITION_EMPTY: pgettext("incident", "edition empty"),
        IncidentKind.SOURCE_SILENT: pgettext("incident", "source silent"),
    }[kind]


def _problems_of_runs(status: SiteStatus, spoken: Language) -> Iterator[str]:
    _, runs, last, now = spoken.gettext, status.runs, status.runs.last, status.at
    if runs.overdue_at is not None and runs.overdue_at < now and not _is_running(runs, now):
        since = _moment(runs.next_at or runs.overdue_at)
        if runs.jobs and runs.scheduler is None:
            yield _("the next run has been overdue since %(moment)s: no newsletter serve is running", moment=since)
        else:
            yield _("the next run has been overdue since %(moment)s", moment=since)
    for job in runs.jobs:
        if job.outcome is JobOutcome.FAILED and not _SHOWN_BY_OTHERS.fullmatch(job.name):
            yield _("%(job)s failed: %(error)s", job=job_label(job.name, spoken), error=job.detail)
    if last is None:
        return
    if last.finished_at is None and now - last.began_at > _LONGEST_RUN:
        yield _("the last run began at %(moment)s and did not finish", moment=_moment(last.began_at))
    is_shown = any(one.error is not None and last.problem == f"{one.label}: {one.error}" for one in status.sources)
    if last.is_clean is False and not is_shown:
        yield _("the last run was not clean: %(problem)s", problem=last.problem or _("see its messages"))


def _is_running(runs: RunStatus, now: datetime) -> bool:
    """Whether a run, or a job, is under way."""
    began = [job.began_at for job in runs.jobs if job.is_interrupted]
    if runs.last is not None and runs.last.finished_at is None:
        began.append(runs.last.began_at)
    return any(moment is not None and now - moment < _LONGEST_RUN for moment in began)


def _problems_of_sources(sources: tuple[SourceStatus, ...], spoken: Language) -> Iterator[str]:
    _ = spoken.gettext
    for one in sources:
        if one.health is Health.FAILING:
            yield _("%(source)s: the last pull failed: %(error)s", source=one.label, error=one.error)
        elif one.health is Health.SILENT and one.last_new_at:
            since = _moment(one.last_new_at)
            silent = _("%(source)s: silent: no new papers since %(moment)s", source=one.label, moment=since)
            yield spoken.listed([silent, one.error or ""], with_commas=True)
        elif one.health is Health.SILENT:
            silent = _("%(source)s: silent: no new papers yet", source=one.label)
            yield spoken.listed([silent, one.error or ""], with_commas=True)


def _problems_of_mail(mail: MailStatus, now: datetime, spoken: Language) -> Iterator[str]:
    _ = spoken.gettext
    if mail.waiting_since is not None and now - mail.waiting_since > _LONGEST_WAIT:
        yield _("mail has been waiting since %(moment)s: newsletter deliveries", moment=_moment(mail.waiting_since))
    if held := mail.bad.get(DeliveryStatus.HELD, 0):
        yield spoken.ngettext(
            "%(number)s message held, in doubt: newsletter deliveries failures --held",
            "%(number)s messages held, in doubt: newsletter deliveries failures --held", held,
        )  # fmt: skip
    if mail.for_review:
        yield spoken.ngettext(
            "%(number)s bounce to decide on: newsletter bounces review",
            "%(number)s bounces to decide on: newsletter bounces review", mail.for_review,
        )  # fmt: skip
    for one in mail.mailboxes:
        if one.error is not None:
            yield _("mailbox %(mailbox)s was not read: %(error)s", mailbox=one.mailbox, error=one.error)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
