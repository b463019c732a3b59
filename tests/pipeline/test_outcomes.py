"""Outcomes, counted."""

from __future__ import annotations

from collections import Counter

import pytest

from newsletter.errors import TransportError
from newsletter.pipeline.outcomes import PROBLEMS, DeliveryReport, Outcome, OutcomeStatus, Tally


def test_all_outcomes_are_counted_and_watched_but_only_the_first_thousand_kept() -> None:
    seen: list[Outcome] = []
    tally = Tally(seen.append)
    for number in range(1001):
        tally.add(Outcome(f"{number}@x.example", OutcomeStatus.SENT, ""))
    tally.add_count(OutcomeStatus.NOT_SENT, 5)
    tally.add_count(OutcomeStatus.HELD, 0)

    assert tally.counts == {"sent": 1001, "not sent": 5}
    assert (len(tally.outcomes), len(seen)) == (1000, 1001)


@pytest.mark.parametrize("status", OutcomeStatus)
def test_a_report_is_clean_without_problems(status: OutcomeStatus) -> None:
    report = DeliveryReport((), Counter({status: 1}))
    assert report.is_clean is (status not in PROBLEMS)


def test_what_was_only_deferred_is_temporary() -> None:
    assert DeliveryReport((), Counter({OutcomeStatus.DEFERRED: 2, OutcomeStatus.SENT: 1})).is_temporary
    assert not DeliveryReport((), Counter({OutcomeStatus.DEFERRED: 2, OutcomeStatus.FAILED: 1})).is_temporary
    assert not DeliveryReport((), Counter(), error=TransportError("down")).is_temporary


def test_retries_take_the_place_of_what_was_deferred() -> None:
    first = DeliveryReport((), Counter({OutcomeStatus.DEFERRED: 3, OutcomeStatus.SENT: 5}))
    retries = DeliveryReport((), Counter({OutcomeStatus.DEFERRED: 1, OutcomeStatus.SENT: 1}))

    assert first.followed_by(retries).counts == {OutcomeStatus.DEFERRED: 2, OutcomeStatus.SENT: 6}


def test_a_run_that_stopped_short_is_not_clean() -> None:
    assert not DeliveryReport((), Counter(), error=TransportError("down")).is_clean
