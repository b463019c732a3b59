from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Paper, Subscriber
from newsletter.pipeline.explain import Explanation, explain
from newsletter.pipeline.preview import preview_digest
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic

TITLES = ["Pears in Winter", "A Survey of Pears", "Kettles", "Robots That Pick Pears", "Robots"]


@pytest.fixture
def subscriber(store: Store) -> Subscriber:
    """A reader of pears and robots, in a store of five papers."""
    for number, title in enumerate(TITLES):
        entry = make_entry(arxiv_id=f"2605.0000{number}", title=title, abstract="On fruit.", upvotes=number)
        store.papers.add(entry, NOW - timedelta(hours=1))
    topics = (make_topic("Pears", ("pear",), ("survey",)), make_topic("Robots", ("robot",)))
    with store.transaction():
        return store.subscribers.add("ada@example.org", "Ada", make_profile(topics=topics), "cli", NOW)


def paper(store: Store, number: int) -> Paper:
    found = store.papers.find(f"arxiv:2605.0000{number}")
    assert found is not None
    return found


def explained(store: Store, subscriber: Subscriber, number: int) -> Explanation:
    return explain(store, paper(store, number), subscriber, NOW)


def test_the_parts_add_up_to_the_score_that_the_digest_shows(store: Store, subscriber: Subscriber) -> None:
    items = preview_digest(store, subscriber, NOW).items
    assert len(items) == 3
    for item in items:
        told = explain(store, item.paper, subscriber, NOW)
        assert sum(value for _, value in told.parts) == pytest.approx(told.total)
        assert told.total == pytest.approx(item.score, abs=1e-3)


def test_it_says_where_a_paper_stands_and_what_it_holds(store: Store, subscriber: Subscriber) -> None:
    told = explained(store, subscriber, 0)
    assert told.placement == "number 1 of 1 in daily-2026-05-08, under Pears"
    assert told.parts[0][0] == "match with Pears"
    assert [what.rpartition(" ")[0] for _, what in told.topics] == ["title: pear", "nothing of"]


@pytest.mark.parametrize(
    ("number", "placement"),
    [(1, "not in the digest: none of the topics matches"), (2, "not in the digest: none of the topics matches")],
)
def test_it_says_why_a_paper_is_not_there(store: Store, subscriber: Subscriber, number: int, placement: str) -> None:
    assert explained(store, subscriber, number).placement == placement


def test_it_says_what_keeps_a_paper_out(store: Store, subscriber: Subscriber) -> None:
    assert (
        explained(store, subscriber, 1)
        .topics[0][1]
        .startswith("kept out by what the topic does not want; it holds title: pear")
    )


def test_it_says_that_a_paper_was_withdrawn_or_is_old(store: Store, subscriber: Subscriber) -> None:
    store.papers.add(make_entry(arxiv_id="2605.00000", title=TITLES[0], withdrawn=True), NOW)
    assert explained(store, subscriber, 0).placement == "not in the digest: it was withdrawn"
    store.papers.add(make_entry(arxiv_id="2604.00001", title="Old Pears"), NOW - timedelta(days=90))
    old = store.papers.find("arxiv:2604.00001")
    assert old is not None
    assert "before the edition's window" in explain(store, old, subscriber, NOW).placement
