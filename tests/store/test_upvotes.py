"""How the upvotes of papers grew."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from newsletter.store.pruning import Cutoffs
from tests.factories import NOW, TODAY, make_entry


def test_a_pull_records_another_number_once_a_day(store: Store) -> None:
    for hours, upvotes in ((0, 3), (1, 5), (24, 5), (48, 9), (72, None)):
        store.papers.add(make_entry(upvotes=upvotes), NOW + timedelta(hours=hours))
    (paper,) = store.papers.newest(1)
    assert store.upvotes.of(paper.id) == [(TODAY, 5), (TODAY + timedelta(days=2), 9)]


def test_a_paper_without_upvotes_has_no_history(store: Store) -> None:
    store.papers.add(make_entry(upvotes=None), NOW)
    assert store.upvotes.of(store.papers.newest(1)[0].id) == []


def test_a_history_moves_with_a_merge_and_goes_with_the_texts(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/x", arxiv_id=None, title="By its publisher", upvotes=2), NOW)
    store.papers.add(make_entry(upvotes=None), NOW)
    store.papers.add(make_entry(doi="10.1000/x", upvotes=None), NOW)
    (paper,) = store.papers.newest(2)
    assert store.upvotes.of(paper.id) == [(TODAY, 2)]
    list(store.pruning.steps(Cutoffs(papers=NOW + timedelta(days=1))))
    assert store.upvotes.of(paper.id) == []
