"""How many papers of the last week a topic or a query matches."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.errors import QueryError
from newsletter.files.site import Site
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.store import Store, open_store
from tests.factories import NOW, make_entry, make_topic

PEARS = make_topic("Pears", ("pear*",))


class Orchard:
    """Topic counts over a store to which papers on pears are added, and their clock."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = NOW
        self.counts = TopicCounts(self.store, self.time)

    def store(self) -> Store:
        return open_store(self.site.store)

    def time(self) -> datetime:
        return self.now

    def add(self, number: int, *, upvotes: int = 0) -> None:
        entry = make_entry(title=f"Pears {number}", arxiv_id=f"2605.1000{number}", upvotes=upvotes)
        with self.store() as store:
            store.papers.add(entry, self.now)


@pytest.fixture
def orchard(tmp_path: Path) -> Orchard:
    return Orchard(Site(tmp_path))


def test_new_papers_count_after_five_minutes(orchard: Orchard) -> None:
    assert orchard.counts.counts([PEARS]) == {PEARS: 0}
    orchard.add(1)
    assert orchard.counts.counts([PEARS]) == {PEARS: 0}
    orchard.now += timedelta(minutes=6)
    assert orchard.counts.counts([PEARS]) == {PEARS: 1}


def test_only_papers_of_the_last_week_count(orchard: Orchard) -> None:
    orchard.add(1)
    orchard.now += timedelta(days=7, minutes=1)
    orchard.add(2)
    assert orchard.counts.counts([PEARS]) == {PEARS: 1}


def test_a_sample_is_of_the_most_upvoted(orchard: Orchard) -> None:
    for number in range(7):
        orchard.add(number, upvotes=number)
    with orchard.store() as store:
        store.papers.add(make_entry(title="Quinces", abstract="A hedge.", arxiv_id="2605.20001"), orchard.now)
    sample = orchard.counts.check("pear*")
    assert (sample.matched, sample.papers) == (7, 8)
    assert [paper.title for paper in sample.best] == [f"Pears {number}" for number in (6, 5, 4, 3, 2)]


def test_a_malformed_query_has_no_sample(orchard: Orchard) -> None:
    with pytest.raises(QueryError):
        orchard.counts.check("(")
