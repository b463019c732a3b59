"""What is kept of a run: for `newsletter status`, metrics and the event log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

from newsletter.config.model import Config, LogLevel
from newsletter.operations.event_log import open_event_log
from newsletter.pipeline.outcomes import PROBLEMS
from newsletter.pipeline.ports import Step
from newsletter.pipeline.run import RunReport
from newsletter.store import Store

if TYPE_CHECKING:
    from newsletter.pipeline.inbound import ProcessedMail

#: The mailbox of `[bounces]`.
MAILBOX = "bounces"
_MAX_PROBLEM = 1000


def record_run(store: Store, number: int, report: RunReport, now: datetime) -> None:
    """Store the result of a run, and add it to the totals. Call it in a transaction.

    Raises:
        StoreError: The store cannot be written.
    """
    counts: Mapping[str, int] = report.deliveries.counts if report.deliveries else {}
    problem = next(problems_of(report), "")[:_MAX_PROBLEM]
    outcomes = {str(status): count for status, count in counts.items() if count}
    store.runs.finish(number, now, is_clean=report.is_clean, outcomes=outcomes, problem=problem)
    store.runs.add_total("runs", "", "clean" if report.is_clean else "not clean")
    record_totals(store, report, now)


def record_totals(store: Store, report: RunReport, now: datetime) -> None:
    """Add what a run, or a part of one, did to the totals; store how mailboxes were read. Call it in a transaction.

    Raises:
        StoreError: The store cannot be written.
    """
    for status, count in report.deliveries.counts.items() if report.deliveries else ():
        if count:
            store.runs.add_total("outcomes", "", status, count)
    for pull in report.pulls:
        if pull.not_before is not None:  # it was not due
            continue
        store.runs.add_total("pulls", pull.source, "failed" if pull.error is not None else "succeeded")
        numbers = {"fetched": pull.fetched, "new": pull.new, "updated": pull.updated, "refused": len(pull.refusals)}
        for outcome, count in numbers.items():
            store.runs.add_total("papers", pull.source, outcome, count)
    error = next((str(failure.error) for failure in report.errors if failure.step is Step.BOUNCES), None)
    if report.mail is not None or error is not None:
        mail = report.mail
        error = error or next(map(str, mail.errors if mail else ()), None)
        store.runs.record_reading(MAILBOX, now, mail.messages if mail else 0, error)
        for outcome, count in mail_counts(mail).items() if mail else ():
            store.runs.add_total("mail", MAILBOX, outcome, count)


def mail_counts(mail: ProcessedMail) -> dict[str, int]:
    """Count what was read from mailboxes: messages, reports by outcome, commands, and what could not be read."""
    reports = {
        one.name: value for one in fields(mail.reports) if isinstance(value := getattr(mail.reports, one.name), int)
    }
    return {
        "messages": mail.messages, **reports, "commands": len(mail.commands), "unreadable": len(mail.refusals),
    }  # fmt: skip


def problems_of(report: RunReport) -> Iterator[str]:
    """Yield what kept a run from being clean, a line each and without the address of any subscriber."""
    for failure in report.errors:
        yield f"{failure.step}: {failure.error}"
    if report.deliveries is not None:
        if report.deliveries.error is not None:
            yield f"{Step.DELIVER}: {report.deliveries.error}"
        counts = report.deliveries.counts
        if any(counts[status] for status in PROBLEMS):
            yield ", ".join(f"{counts[status]} {status}" for status in PROBLEMS if counts[status])
    for pull in report.pulls:
        if pull.error is not None:
            yield f"{pull.source}: {pull.error}"


def log_run(config: Config, command: str, report: RunReport, seconds: float | None) -> None:
    """Write the events of a run into the event log; its deliveries are there already.

    `seconds` is how long it took; None for a part of a run, of which the scheduler logs the end.

    Raises:
        ConfigError: The event log cannot be written.
    """
    log = open_event_log(config)
    if log is None:
        return
    try:
        for pull in report.pulls:
            level = LogLevel.ERROR if pull.error is not None else LogLevel.INFO
            log.write(
                "pull",
                LogLevel.DEBUG if pull.not_before is not None else level,
                source=pull.source,
                fetched=pull.fetched,
                new=pull.new,
                detail=pull.error or (f"not due before {pull.not_before.isoformat()}" if pull.not_before else None),
            )
        if report.mail is not None:
            log.write("mailbox", LogLevel.INFO, **mail_counts(report.mail))
        for failure in report.errors:
            log.write("error", LogLevel.ERROR, step=failure.step, detail=str(failure.error))
        if seconds is None:
            return
        level = LogLevel.INFO if report.is_clean else LogLevel.WARNING
        status = "clean" if report.is_clean else "not clean"
        detail = next(problems_of(report), None)
        log.write("run", level, command=command, status=status, seconds=round(seconds, 3), detail=detail)
    finally:
        log.close()
