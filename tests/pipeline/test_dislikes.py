from __future__ import annotations

from datetime import timedelta

from newsletter.pipeline.dislikes import Dislikes
from newsletter.store import Store
from tests.factories import NOW
from tests.pipeline.test_taste import subscriber_of


def test_what_is_disliked_counts_as_sent_after_every_version(store: Store) -> None:
    subscriber = subscriber_of(store)
    first, second, third = (paper.id for paper in store.papers.newest(3))
    store.feedback.put(subscriber.id, first, liked=False, now=NOW)
    store.feedback.put(subscriber.id, second, liked=True, now=NOW)

    sent = Dislikes(store).with_sent(subscriber.id, {first: NOW, third: NOW})
    assert sent.keys() == {first, third}
    assert sent[first] > NOW + timedelta(days=9999)
    assert sent[third] == NOW


def test_whoever_dislikes_nothing_has_what_was_sent(store: Store) -> None:
    subscriber = subscriber_of(store)
    sent = {1: NOW}

    assert Dislikes(store).with_sent(subscriber.id, sent) is sent
