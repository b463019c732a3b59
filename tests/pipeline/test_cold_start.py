from __future__ import annotations

from newsletter.pipeline.cold_start import papers_to_rate, rate
from newsletter.store import Store
from tests.factories import NOW
from tests.pipeline.test_taste import subscriber_of


def test_ten_papers_are_chosen_and_their_ratings_kept(store: Store) -> None:
    subscriber = subscriber_of(store)
    first = papers_to_rate(store, subscriber)
    ratings = {paper.id: place % 2 == 0 for place, paper in enumerate(first)}

    assert len(first) == 10
    assert rate(store, subscriber, ratings | {10**6: True}, NOW) == 10
    assert store.feedback.of(subscriber.id) == ratings
    second = papers_to_rate(store, subscriber)
    assert len(second) == 10
    assert not {paper.id for paper in first} & {paper.id for paper in second}
