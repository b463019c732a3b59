from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.pipeline import cold_start
from newsletter.pipeline.cold_start import papers_to_rate, rate
from newsletter.pipeline.explain import Absence, explain
from newsletter.pipeline.plan import Intent, plan
from newsletter.pipeline.preview import preview_digest
from newsletter.store import Store
from tests.factories import NOW, make_profile, make_topic
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


def test_of_a_narrow_topic_older_papers_are_asked_about(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriber = subscriber_of(store)
    narrow = replace(subscriber, profile=make_profile(topics=(make_topic("Metal", ("anvil", "rivet")),)))
    monkeypatch.setattr(cold_start, "_LATEST", 3)

    chosen = papers_to_rate(store, narrow)
    assert len(chosen) == 10
    assert all(int(str(paper.arxiv_id)[-5:]) % 2 for paper in chosen)


def test_what_was_disliked_is_not_in_the_next_digest(store: Store) -> None:
    subscriber = subscriber_of(store)
    disliked = {item.paper.id for item in preview_digest(store, subscriber, NOW).items[:3]}
    rate(store, subscriber, dict.fromkeys(disliked, False), NOW)

    digest = preview_digest(store, subscriber, NOW)
    assert digest.items
    assert not disliked & {item.paper.id for item in digest.items}
    assert [one.digest.items for one in plan(store, NOW) if isinstance(one, Intent)] == [digest.items]
    paper = store.papers.get_many(disliked)[min(disliked)]
    assert explain(store, paper, subscriber, NOW).placement is Absence.DISLIKED
    rate(store, subscriber, {paper.id: True}, NOW)
    assert paper.id in {item.paper.id for item in preview_digest(store, subscriber, NOW).items}
