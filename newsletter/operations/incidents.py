"""What an operator should be notified of: run → incidents, which are stored until they are over.

An operator is notified once of each, not at every run: see `newsletter.operations.operator_mail`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from newsletter.errors import AlreadySending
from newsletter.models import DeliveryStatus
from newsletter.operations.source_health import Health, SourceStatus
from newsletter.pipeline.ports import Step
from newsletter.pipeline.run import RunReport
from newsletter.store import Store
from newsletter.store.incidents import Incident, IncidentKind

#: Deliveries of editions of these last days are looked at.
_EDITIONS, _RECENTLY = 7, timedelta(days=3)
#: An edition failed if more than one in so many of its deliveries did.
_FAILED_SHARE = 10
#: How long something may be wrong before the operator is notified. Papers often come some hours after the hour of mail.
_PATIENCE = {IncidentKind.EDITION_EMPTY: timedelta(hours=3)}
_NO_PATIENCE = timedelta(0)
_SATURDAY = 5
_MAX_DETAIL = 500


def update_incidents(store: Store, report: RunReport, sources: Sequence[SourceStatus], now: datetime) -> list[Incident]:
    """Store what a run found to be wrong, delete what is over; return what the operator has to be notified of.

    What was over before its turn is left out. Call it in a transaction.

    Raises:
        StoreError: The store cannot be written.
    """
    found = [
        *_stopped(report, now),
        *_failed_editions(store, now),
        *_empty_editions(store, report, now),
        *_silent_sources(sources, now),
    ]
    wrong = {(one.kind, one.subject) for one in found}
    for one in found:
        store.incidents.put(one)
    to_notify = [one for one in store.incidents.open() if one.notified_at is None and _is_time(one, now)]
    for one in store.incidents.open():
        if (one.kind, one.subject) not in wrong and _is_over(store, one, report):
            store.incidents.end(one)
    return to_notify


def _is_time(incident: Incident, now: datetime) -> bool:
    return now - incident.began_at >= _PATIENCE.get(incident.kind, _NO_PATIENCE)


def _stopped(report: RunReport, now: datetime) -> Iterator[Incident]:
    errors = [(failure.step, failure.error) for failure in report.errors if failure.step not in _MAY_FAIL]
    if report.deliveries is not None and report.deliveries.error is not None:
        errors.append((Step.DELIVER, report.deliveries.error))
    for step, error in errors:
        if not isinstance(error, AlreadySending):
            yield Incident(IncidentKind.RUN_STOPPED, step, str(error)[:_MAX_DETAIL], now)


#: Steps whose failure does not keep anybody from getting their edition.
_MAY_FAIL = frozenset({Step.BOUNCES, Step.NOTICES, Step.SUMMARIES})


def _failed_editions(store: Store, now: datetime) -> Iterator[Incident]:
    for edition in store.editions.latest(_EDITIONS):
        counts = store.deliveries.counts(edition.key) if now - edition.created_at < _RECENTLY else {}
        bad = sum(counts.get(status, 0) for status in (DeliveryStatus.FAILED, DeliveryStatus.HELD))
        total = sum(counts.values())
        if bad * _FAILED_SHARE > total:
            detail = f"{bad} of {total} deliveries failed or are held: newsletter deliveries failures"
            yield Incident(IncidentKind.EDITION_FAILED, edition.key, detail, now)


def _empty_editions(store: Store, report: RunReport, now: datetime) -> Iterator[Incident]:
    """Yield the cadences of which nobody got the edition of a weekday; no source has new papers at every weekend."""
    for key, number in report.deliveries.empty.items() if report.deliveries is not None else ():
        cadence, _, day = key.partition("-")
        if number and _is_weekday(day) and not store.deliveries.counts(key):
            detail = f"{key} has no papers for any of its {number} subscribers so far: newsletter explain"
            yield Incident(IncidentKind.EDITION_EMPTY, cadence, detail, now)


def _is_weekday(day: str) -> bool:
    try:
        return date.fromisoformat(day).weekday() < _SATURDAY
    except ValueError:
        return True


def _silent_sources(sources: Sequence[SourceStatus], now: datetime) -> Iterator[Incident]:
    for one in sources:
        if one.health is Health.SILENT:
            since = f"{one.last_new_at:%Y-%m-%d %H:%M} UTC" if one.last_new_at else "its first pull"
            usual = f"usually there are some every {(one.usual_s or 0) / 86400:.2g} weekdays"
            error = f"; the last pull failed: {one.error}" if one.error else ""
            detail = f"no new papers since {since}; {usual}{error}"[:_MAX_DETAIL]
            yield Incident(IncidentKind.SOURCE_SILENT, one.label, detail, now)


def _is_over(store: Store, incident: Incident, report: RunReport) -> bool:
    """Return whether an incident that was not found again is over, or was not looked for."""
    match incident.kind:
        case IncidentKind.RUN_STOPPED:
            return bool(report.pulls) if incident.subject == Step.PULL else report.deliveries is not None
        case IncidentKind.EDITION_EMPTY:
            after = (one for one in store.editions.latest(_EDITIONS) if one.cadence.value == incident.subject)
            return any(one.created_at > incident.began_at for one in after)
        case IncidentKind.EDITION_FAILED | IncidentKind.SOURCE_SILENT:
            return True
