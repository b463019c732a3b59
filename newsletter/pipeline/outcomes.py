"""What one run did for each subscriber, counted: outcomes → a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from newsletter.errors import NewsletterError

#: The report holds this many outcomes; all of them are counted.
_MAX_OUTCOMES = 1000


class OutcomeStatus(StrEnum):
    """What became of a subscriber's edition: where the ledger left the delivery, or that there is none."""

    SENT = "sent"
    #: A temporary failure: it is retried later.
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    #: In doubt, and kept for a person to decide.
    HELD = "held"
    #: Nothing is due, or nothing could be sent now.
    NOT_SENT = "not sent"
    #: In a dry run.
    WOULD_SEND = "would send"


#: What an operator should look at.
PROBLEMS = (OutcomeStatus.FAILED, OutcomeStatus.DEFERRED, OutcomeStatus.HELD)


class Outcome(NamedTuple):
    """What one run did for one subscriber, and why. A tuple goes from a sender to its run in half the time."""

    email: str
    status: OutcomeStatus
    #: The subject of a message that was sent, the server's response, or the reason why nothing was sent.
    detail: str
    edition: str = ""
    papers: int = 0
    subscriber_id: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one run delivered."""

    #: The first thousand, and a thousand more of those that are `PROBLEMS`; `Ports.watch_deliveries` sees all of them.
    outcomes: tuple[Outcome, ...]
    #: How many outcomes there are of each `OutcomeStatus`.
    counts: Counter[str]
    #: Why the run stopped short, if it did.
    error: NewsletterError | None = None
    #: Messages that may have been delivered or not: sent again under the same Message-ID, or held.
    in_doubt: int = 0
    #: Messages that a shutdown left for the next run.
    waiting: int = 0
    #: How many subscribers had no papers, by the key of the edition that was due.
    empty: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Whether the run finished, and no delivery failed, is deferred or held."""
        return self.error is None and not any(self.counts[status] for status in PROBLEMS)

    @property
    def is_temporary(self) -> bool:
        """Whether what is not clean will be tried again by itself: messages are deferred, and nothing else is wrong."""
        return self.error is None and not (self.counts[OutcomeStatus.FAILED] or self.counts[OutcomeStatus.HELD])

    def totals(self) -> str:
        """Return how many outcomes there are of each status, as in "3 sent, 1 deferred"."""
        return ", ".join(f"{number} {status}" for status, number in self.counts.items() if number)

    def followed_by(self, retries: DeliveryReport) -> DeliveryReport:
        """Return the report of a run and of its retries, which were of messages that it had deferred."""
        counts = self.counts + retries.counts
        counts[OutcomeStatus.DEFERRED] -= retries.counts.total()
        return DeliveryReport(
            (*self.outcomes, *retries.outcomes)[:_MAX_OUTCOMES],
            +counts,
            retries.error,
            self.in_doubt + retries.in_doubt,
            retries.waiting,
        )


@dataclass
class Tally:
    """Counts outcomes, keeps the first of them, and passes each on to `watch`."""

    watch: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    #: How many subscribers had no papers, by edition.
    empty: Counter[str] = field(default_factory=Counter)
    _more_problems: int = 0

    def add(self, outcome: Outcome) -> None:
        """Add one outcome."""
        self.counts[outcome.status] += 1
        is_kept = len(self.outcomes) < _MAX_OUTCOMES
        if not is_kept and outcome.status in PROBLEMS:
            self._more_problems += 1
            is_kept = self._more_problems <= _MAX_OUTCOMES
        if is_kept:
            self.outcomes.append(outcome)
        self.watch(outcome)

    def add_count(self, status: OutcomeStatus, number: int) -> None:
        """Add outcomes of which only the number is known."""
        if number:
            self.counts[status] += number
