from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from newsletter.errors import StoreError
from newsletter.models import Entry, Subscriber
from newsletter.models.weights import Weights
from newsletter.pipeline import taste
from newsletter.pipeline.explain import Part, explain
from newsletter.pipeline.preview import preview_digest
from newsletter.pipeline.taste import TasteScores, learn_taste_models
from newsletter.ranking.index import PaperIndex
from newsletter.store import Store
from newsletter.store.taste import TasteModels
from newsletter.subscribers.feedback import find_paper, give_feedback, give_feedback_on_library
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.ranking.conftest import library


def subscriber_of(store: Store) -> Subscriber:
    """Return a subscriber to everything, in a store of sixty papers on fruit and on metal."""
    entries = [
        make_entry(arxiv_id=paper.arxiv_id, title=paper.title, abstract=paper.abstract, upvotes=None)
        for paper in library()
    ]
    store.papers.add_all(entries, NOW)
    topic = make_topic("All", ("study", "method", "result", "model", "data", "we", "show"))
    with store.transaction():
        profile = make_profile(topics=(topic,), max_papers=30, max_per_section=30)
        return store.subscribers.add("ada@example.org", "Ada", profile, "cli", NOW)


def share_of_metal(store: Store, subscriber: Subscriber) -> float:
    learn_taste_models(store, NOW)
    return share_of_metal_as_learned(store, subscriber)


def share_of_metal_as_learned(store: Store, subscriber: Subscriber) -> float:
    items = preview_digest(store, subscriber, NOW).items
    return sum(int(str(item.paper.arxiv_id)[-5:]) % 2 for item in items) / len(items)


def test_two_likes_change_the_digest_and_removing_them_restores_it(store: Store) -> None:
    subscriber = subscriber_of(store)
    before = share_of_metal(store, subscriber)
    for name in ("2605.00001", "2605.00003"):
        give_feedback(store, subscriber, name, liked=True, now=NOW)
    after = share_of_metal(store, subscriber)
    assert after > before + 0.2
    for name in ("2605.00001", "2605.00003"):
        give_feedback(store, subscriber, name, liked=None, now=NOW)
    assert share_of_metal(store, subscriber) == before


def test_taste_is_part_of_the_explanation(store: Store) -> None:
    subscriber = subscriber_of(store)
    give_feedback(store, subscriber, "2605.00001", liked=True, now=NOW)
    learn_taste_models(store, NOW)
    item = preview_digest(store, subscriber, NOW).items[0]
    breakdown = explain(store, item.paper, subscriber, NOW)
    assert abs(breakdown.total - item.score) < 1e-3
    assert breakdown.parts[-1].part is Part.TASTE
    assert breakdown.parts[-1].value != 0


def test_without_likes_there_is_no_taste_model(store: Store) -> None:
    subscriber = subscriber_of(store)
    index = PaperIndex(store.papers.newest(99))
    assert TasteScores(store).of(subscriber.id, index) is None
    give_feedback(store, subscriber, "2605.00001", liked=False, now=NOW)
    assert learn_taste_models(store, NOW) == 0
    assert TasteScores(store).of(subscriber.id, index) is None  # a dislike alone is not enough


def test_feedback_survives_the_merge_of_a_paper(store: Store) -> None:
    subscriber = subscriber_of(store)
    store.papers.add(make_entry(source="crossref", arxiv_id=None, doi="10.1000/1", title="Elsewhere"), NOW)
    give_feedback(store, subscriber, "10.1000/1", liked=True, now=NOW)
    store.papers.add(make_entry(arxiv_id="2605.00001", doi="10.1000/1", title="Merged"), NOW)
    assert store.feedback.of(subscriber.id) == {find_paper(store, "2605.00001").id: True}


def test_only_changed_feedback_is_learned_again(store: Store) -> None:
    subscriber = subscriber_of(store)
    give_feedback(store, subscriber, "2605.00001", liked=True, now=NOW)
    assert [learn_taste_models(store, NOW), learn_taste_models(store, NOW)] == [1, 0]
    give_feedback(store, subscriber, "2605.00003", liked=False, now=NOW)
    assert [learn_taste_models(store, NOW), learn_taste_models(store, NOW)] == [1, 0]
    known = store.taste_models.embedding()
    assert known is not None
    assert known[0] == 1
    assert learn_taste_models(store, NOW + timedelta(days=31)) == 1  # the embedding has expired
    renewed = store.taste_models.embedding()
    assert renewed is not None
    assert renewed[0] == 2


def test_what_a_crash_left_is_learned_by_the_next_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are stored some at a time, so that nobody waits until all of them are learned."""
    ada = subscriber_of(store)
    ben = store.subscribers.add("ben@example.org", "Ben", ada.profile, "cli", NOW)
    for one in (ada, ben):
        give_feedback(store, one, "2605.00001", liked=True, now=NOW)
    plain, stored = TasteModels.put_taste, list[int]()

    def killed(models: TasteModels, subscriber: int, *rest: Any) -> None:
        if stored:
            raise StoreError("killed")
        stored.append(subscriber)
        plain(models, subscriber, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(taste, "_AT_ONCE", 1)
        patched.setattr(TasteModels, "put_taste", killed)
        with pytest.raises(StoreError):
            learn_taste_models(store, NOW)
    assert [*store.taste_models.learned_from()] == stored
    assert [learn_taste_models(store, NOW), learn_taste_models(store, NOW)] == [1, 0]


def test_a_library_is_learned_from_and_not_listed(store: Store) -> None:
    subscriber = subscriber_of(store)
    before = share_of_metal(store, subscriber)
    papers = store.papers.count()
    own = [
        Entry(source="file", title=paper.title + " Again", abstract=paper.abstract, doi=f"10.1000/{paper.id}")
        for paper in library(24)[1::2]
    ]
    held = [Entry(source="file", title="In the store", arxiv_id="2605.00001")]
    report = give_feedback_on_library(store, subscriber, [*own, *held], liked=True, now=NOW)
    assert (report.known, report.others) == (1, len(own))
    assert share_of_metal(store, subscriber) > before + 0.2
    assert store.papers.count() == papers
    give_feedback_on_library(store, subscriber, [*own, *held], liked=None, now=NOW)
    assert share_of_metal(store, subscriber) == before


def test_the_latest_feedback_counts_most(store: Store) -> None:
    subscriber = subscriber_of(store)
    for number in range(0, 20, 2):
        give_feedback(store, subscriber, f"2605.{number:05}", liked=True, now=NOW - timedelta(days=400))
    for number in (1, 3, 5):
        give_feedback(store, subscriber, f"2605.{number:05}", liked=True, now=NOW)

    learn_taste_models(store, NOW, Weights(taste_half_life_days=10**6))
    even = share_of_metal_as_learned(store, subscriber)
    learn_taste_models(store, NOW, Weights(taste_half_life_days=60))
    assert share_of_metal_as_learned(store, subscriber) > even
