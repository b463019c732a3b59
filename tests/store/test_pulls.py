from __future__ import annotations

from datetime import date, timedelta

from newsletter.models import PullReport, Refusal
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


def test_an_item_that_a_source_goes_on_listing_is_refused_once(store: Store) -> None:
    note, row = (
        Refusal("https://clouds.example/feed, entry 1", "no title", "note-1"),
        Refusal("file, line 2", "no title"),
    )
    assert store.pulls.refused_first("feed", [note, row], NOW) == [note, row]
    assert store.pulls.refused_first("feed", [note, row], NOW + timedelta(days=60)) == [row]
    assert store.pulls.refused_first("feed", [note], NOW + timedelta(days=120)) == []
    assert store.pulls.refused_first("other feed", [note], NOW) == [note]
    assert store.pulls.refused_first("feed", [row], NOW + timedelta(days=300)) == [row]
    assert store.pulls.refused_first("feed", [note], NOW + timedelta(days=300)) == [note]  # forgotten


def test_each_source_keeps_a_state_of_its_own(store: Store) -> None:
    store.pulls.set_state("zotero users/1", {"users/1": "7 2026-05-08", "users/2": "9 2026-05-08"})
    store.pulls.set_state("alerts INBOX", {"INBOX": "12"})
    store.pulls.set_state("zotero users/1", {"users/1": "8 2026-05-08"})
    assert store.pulls.state("zotero users/1") == {"users/1": "8 2026-05-08"}
    assert store.pulls.state("alerts INBOX") == {"INBOX": "12"}
    assert store.pulls.state("arxiv cs.CL") == {}
