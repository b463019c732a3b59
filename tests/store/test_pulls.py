from __future__ import annotations

from datetime import date

from newsletter.models import PullReport
from newsletter.store import Store
from tests.factories import NOW, TODAY


def test_without_a_pull_there_is_no_last_success(store: Store) -> None:
    assert store.pulls.last_success("huggingface") is None


def test_the_last_success_is_the_latest_day_pulled(store: Store) -> None:
    for through in (date(2026, 5, 7), TODAY, date(2026, 5, 1), None):
        store.pulls.record(PullReport("huggingface", fetched=3, new=2, updated=1), NOW, through)
    assert store.pulls.last_success("huggingface") == TODAY


def test_a_failed_pull_is_no_success(store: Store) -> None:
    store.pulls.record(PullReport("huggingface"), NOW, date(2026, 5, 7))
    store.pulls.record(PullReport("huggingface", error="no answer"), NOW, TODAY)
    assert store.pulls.last_success("huggingface") == date(2026, 5, 7)


def test_a_pull_of_files_has_no_day(store: Store) -> None:
    store.pulls.record(PullReport("page", fetched=46), NOW, None)
    assert store.pulls.last_success("page") is None


def test_every_source_has_its_own_last_success(store: Store) -> None:
    store.pulls.record(PullReport("huggingface"), NOW, TODAY)
    assert store.pulls.last_success("page") is None
