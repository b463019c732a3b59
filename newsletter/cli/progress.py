"""What `send`, `run` and `serve` have in common: carry editions out, show how far they are, tell what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now
from newsletter.cli.output import print_problems, print_table
from newsletter.errors import NewsletterError
from newsletter.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.deliver import DeliveryReport, Outcome

#: How often a terminal shows how far things are, and how often a log is told.
_SHOWN_EVERY_S = 0.2
_TOLD_EVERY_S = 60.0
#: What is no message, and does not count as one.
_SILENCE = "not sent"


def deliver_all(
    opened: Opened, stop: Shutdown, *, only: Sequence[str] = (), dry_run: bool = False, note: str = ""
) -> DeliveryReport:
    """Send to everybody, or to `only` those, over the site's transport, until done or told to stop.

    Raises:
        NewsletterError: An address is nobody's, or another process is sending.
    """
    from newsletter.pipeline.deliver import deliver
    from newsletter.subscribers.subscriptions import find

    transport = None if dry_run else opened.transport()
    try:
        with opened.store() as store, _shown() as shown, _event_log(opened) as written:
            wanted = {find(store, email).email for email in only} if only else None

            def watch(outcome: Outcome) -> None:
                shown.see(outcome)
                written(outcome)

            return deliver(
                store,
                transport,
                opened.config,
                opened.environment(),
                now,
                note=note,
                only=wanted,
                watch=watch,
                expect=shown.expect,
                stopped=stop,
            )
    finally:
        if transport is not None:
            transport.close()


def send_notices(opened: Opened) -> None:
    """Send the mails that confirm what was asked for on a page, where they could not leave at once."""
    from newsletter.pipeline.confirmations import NoticeSender

    with opened.store() as store:
        if not store.confirmations.waiting(1):
            return
        try:
            transport = opened.transport()
            try:
                NoticeSender(opened.config, opened.environment(), transport, now).send_waiting(store)
            finally:
                transport.close()
        except NewsletterError as error:
            print_problems([f"mail that confirms has to wait: {error}"])


def show_outcomes(opened: Opened, report: DeliveryReport) -> None:
    """Print a line per reader: what happened, and why."""
    if not report.counts and not report.waiting:
        click.echo('No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"')
        return
    rows = [(o.email, o.status, o.edition, o.papers or None, o.detail) for o in report.outcomes]
    if rows:
        print_table(("subscriber", "outcome", "edition", "papers", "what happened"), rows)
    more = report.counts.total() - len(rows)
    if more > 0:
        click.echo(f"and {counted(more, 'more reader')}")
    to = f"by {opened.config.smtp}" if opened.config.smtp else f"into the Maildir {opened.config.outbox}"
    words = [f"{number} {status}" for status, number in report.counts.items()]
    click.echo(", ".join(words) + (f"; {to}" if report.counts["sent"] else ""))


def print_delivery_problems(report: DeliveryReport) -> None:
    """Print what failed or waits on stderr."""
    if report.error is not None:
        print_problems([str(report.error)])
    bad = [o for o in report.outcomes if o.status in ("failed", "deferred", "held")]
    print_problems([f"{o.email}: {o.status}: {o.detail}" for o in bad], "more readers without mail")
    if report.in_doubt:
        print_problems([f"{counted(report.in_doubt, 'message')} in doubt: see newsletter deliveries failures --held"])


def print_shutdown(report: DeliveryReport, stop: Shutdown) -> None:
    """Print what a run that was told to stop left, if it was."""
    if stop():
        print_problems([f"stopped: {counted(report.waiting, 'message')} left; newsletter send goes on with them"])


@contextmanager
def _event_log(opened: Opened) -> Iterator[Callable[[Outcome], None]]:
    """Open the site's journal, if it has one; yields what writes outcomes into it."""
    if opened.config.log_path is None:
        yield lambda _outcome: None
        return
    from newsletter.operations.event_log import EventLog

    with_addresses = opened.config.log_addresses
    event_log = EventLog(opened.config.log_path, with_addresses=with_addresses)

    def write(outcome: Outcome) -> None:
        event_log.tell(
            "delivery",
            edition=outcome.edition,
            subscriber=outcome.subscriber_id,
            email=outcome.email if with_addresses else None,
            status=outcome.status,
            papers=outcome.papers,
            words=outcome.detail,
        )

    try:
        yield write
    finally:
        event_log.close()


# -- how far things are -------------------------------------------------------------------------------


@dataclass
class _Shown:
    """Shows how many messages went, how fast, and how long the rest will take."""

    bar: Progress | None
    expected: int = 0
    seen: int = 0
    _began: float = 0.0
    _told: float = 0.0
    _every_s: float = field(default=_TOLD_EVERY_S)

    def __post_init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._every_s = _SHOWN_EVERY_S if self.bar else _TOLD_EVERY_S
        self._task = self.bar.add_task("planning", total=None, rate="") if self.bar else None

    def expect(self, number: int) -> None:
        """Be told how many messages there are."""
        self.expected, self._began = number, time.monotonic()
        if self.bar is not None and self._task is not None:
            self.bar.update(self._task, description="sending", total=number, completed=0)
        self.seen = 0

    def see(self, outcome: Outcome) -> None:
        """Be told what became of one."""
        if outcome.status == _SILENCE:
            return
        self.seen += 1
        moment = time.monotonic()
        if moment - self._told >= self._every_s:
            self._told = moment
            self._show(moment)

    def _show(self, moment: float) -> None:
        rate = self.seen / max(moment - self._began, 0.001)
        if self.bar is not None and self._task is not None:
            self.bar.update(self._task, completed=self.seen, rate=f"{rate:.0f}/s")
            return
        left = max(0, self.expected - self.seen)
        click.echo(f"sending: {self.seen} of {self.expected}, {rate:.0f}/s, {left / rate:.0f} s to go", err=True)


@contextmanager
def _shown() -> Iterator[_Shown]:
    """Show progress on stderr: a bar on a terminal, a line a minute elsewhere."""
    if not sys.stderr.isatty():
        yield _Shown(None)
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
        yield _Shown(bar)
