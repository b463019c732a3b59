"""The record of runs, and totals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.store import Store
from tests.factories import NOW


def test_a_run_is_begun_and_finished(store: Store) -> None:
    number = store.runs.begin("serve", NOW)
    (begun,) = store.runs.latest(9)
    assert (begun.command, begun.began_at, begun.finished_at, begun.is_clean) == ("serve", NOW, None, None)
    assert store.runs.last_clean() is None
    later = NOW + timedelta(seconds=3)
    store.runs.finish(number, later, is_clean=True, outcomes={"sent": 3}, problem="")
    (finished,) = store.runs.latest(9)
    assert (finished.finished_at, finished.is_clean, finished.outcomes) == (later, True, {"sent": 3})
    assert store.runs.last_clean() == later


def test_runs_before_the_latest_are_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.store.runs._KEPT", 5)
    numbers = [store.runs.begin("run", NOW) for _ in range(9)]
    assert [run.id for run in store.runs.latest(99)] == numbers[:-6:-1]


def test_totals_add_up(store: Store) -> None:
    store.runs.add_total("outcomes", "", "sent", 3)
    store.runs.add_total("outcomes", "", "sent", 4)
    store.runs.add_total("pulls", "arxiv", "failed")
    assert store.runs.totals("outcomes") == {("", "sent"): 7}
    assert store.runs.totals("pulls") == {("arxiv", "failed"): 1}


def test_a_mailbox_remembers_when_it_was_last_read_without_an_error(store: Store) -> None:
    store.runs.record_reading("bounces", NOW, 2, None)
    later = NOW + timedelta(hours=1)
    store.runs.record_reading("bounces", later, 0, "connection refused")
    (reading,) = store.runs.readings()
    assert (reading.read_at, reading.succeeded_at, reading.error) == (later, NOW, "connection refused")
