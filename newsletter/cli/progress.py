"""The command line's side of a run: its ports, the progress of deliveries on stderr, and the event log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now
from newsletter.cli.output import progress

if TYPE_CHECKING:
    from rich.progress import Progress

    from newsletter.config.model import Config, LogLevel
    from newsletter.operations.event_log import EventLog
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.outcomes import Outcome
    from newsletter.pipeline.ports import Ports, Step

#: Seconds between updates on a terminal, and between lines in a log.
_TERMINAL_INTERVAL_S = 0.2
_LOG_INTERVAL_S = 60.0


def make_ports(
    opened: Opened,
    shutdown: Shutdown | None = None,
    report: Callable[[Outcome], object] = lambda _outcome: None,
    *,
    is_quiet: bool = False,
) -> Ports:
    """Return the ports of a run at the command line; `report` is called with every outcome.

    If it is to be quiet, a run that sends for long prints no progress into a log.
    """
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.ports import Ports

    shutdown = shutdown or Shutdown()

    return Ports(
        open_store=opened.store,
        open_transport=opened.transport,
        make_environment=opened.environment,
        clock=now,
        is_shutting_down=shutdown,
        is_grace_over=shutdown.is_grace_over,
        show_progress=_show_progress,
        watch_deliveries=lambda: _watch_deliveries(opened.config, report, is_quiet=is_quiet),
    )


def _show_progress(step: Step, subject: str) -> AbstractContextManager[Callable[[str], None]]:
    from newsletter.pipeline.ports import Step

    names = {Step.PULL: "pulling", Step.SUMMARIES: "summarizing"}
    return progress(f"{names.get(step, step)} {subject}".rstrip())


@contextmanager
def _watch_deliveries(config: Config, report: Callable[[Outcome], object], *, is_quiet: bool) -> Iterator[_Watch]:
    from newsletter.operations.event_log import open_event_log

    with _progress_bar() as bar:
        event_log = open_event_log(config)
        try:
            yield _Watch(bar, event_log, report, log_addresses=config.log_addresses, is_quiet=is_quiet)
        finally:
            if event_log is not None:
                event_log.close()


@dataclass
class _Watch:
    """Shows how many messages were sent, at which rate, and how long the rest will take; logs each outcome."""

    bar: Progress | None
    event_log: EventLog | None
    pass_on: Callable[[Outcome], object]
    log_addresses: bool = field(kw_only=True)
    is_quiet: bool = field(kw_only=True)
    expected: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self._began = self._shown_at = time.monotonic()
        self._interval_s = _TERMINAL_INTERVAL_S if self.bar else _LOG_INTERVAL_S
        self._task = self.bar.add_task("planning", total=None, rate="") if self.bar else None

    def expect(self, number: int) -> None:
        """Begin to count, towards this number of messages."""
        self.expected, self.sent, self._began = number, 0, time.monotonic()
        if self.bar is not None and self._task is not None:
            self.bar.update(self._task, description="sending", total=number, completed=0)

    def report(self, outcome: Outcome) -> None:
        """Count and log one outcome."""
        from newsletter.pipeline.outcomes import OutcomeStatus

        self._log(outcome)
        self.pass_on(outcome)
        if outcome.status is OutcomeStatus.NOT_SENT:
            return
        self.sent += 1
        moment = time.monotonic()
        if moment - self._shown_at >= self._interval_s:
            self._shown_at = moment
            self._show(moment)

    def _log(self, outcome: Outcome) -> None:
        if self.event_log is not None:
            self.event_log.write(
                "delivery",
                _level_of(outcome),
                edition=outcome.edition,
                subscriber=outcome.subscriber_id,
                email=outcome.email if self.log_addresses else None,
                status=outcome.status,
                papers=outcome.papers,
                detail=outcome.detail,
            )

    def _show(self, moment: float) -> None:
        rate = self.sent / max(moment - self._began, 0.001)
        if self.bar is not None and self._task is not None:
            self.bar.update(self._task, completed=self.sent, rate=f"{rate:.0f}/s")
            return
        if self.is_quiet:
            return
        left = max(0, self.expected - self.sent)
        click.echo(f"sending: {self.sent} of {self.expected}, {rate:.0f}/s, {left / rate:.0f} s remaining", err=True)


def _level_of(outcome: Outcome) -> LogLevel:
    from newsletter.config.model import LogLevel
    from newsletter.pipeline.outcomes import OutcomeStatus

    levels = {
        OutcomeStatus.FAILED: LogLevel.ERROR,
        OutcomeStatus.DEFERRED: LogLevel.WARNING,
        OutcomeStatus.HELD: LogLevel.WARNING,
    }
    return levels.get(outcome.status, LogLevel.INFO)


@contextmanager
def _progress_bar() -> Iterator[Progress | None]:
    """Show a progress bar on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: tuple[Callable[[], object], ...] = (BarColumn, MofNCompleteColumn, TimeRemainingColumn)
    with Progress(
        TextColumn("{task.description}"),
        *(column() for column in columns),  # type: ignore[arg-type]
        TextColumn("{task.fields[rate]}"),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        yield bar
