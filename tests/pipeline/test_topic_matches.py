"""What `newsletter topics test` finds."""

from __future__ import annotations

from datetime import timedelta

from newsletter.models.weights import Weights
from newsletter.pipeline.topic_matches import find_matches
from newsletter.store import Store
from newsletter.topics.topic import make_topic
from tests.factories import NOW, make_entry


def test_the_matches_of_some_days_are_ranked_and_counted(store: Store) -> None:
    store.papers.add(make_entry(title="Old pears", arxiv_id="2605.10001"), NOW - timedelta(days=9))
    store.papers.add(make_entry(title="Pears in an orchard", arxiv_id="2605.10002", upvotes=1), NOW)
    store.papers.add(make_entry(title="Pears, and upvotes", arxiv_id="2605.10003", upvotes=90), NOW)
    store.papers.add(make_entry(title="Quinces", abstract="A hedge.", arxiv_id="2605.10004"), NOW)

    found = find_matches(store, make_topic("pears"), 7, NOW, Weights())

    assert [item.paper.title for item in found.items] == ["Pears, and upvotes", "Pears in an orchard"]
    assert (found.matched, len(found.matcher.index)) == (2, 3)
