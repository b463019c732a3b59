"""Previews: what would be sent, and nothing stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.errors import RequestError
from newsletter.models import Digest
from newsletter.models.weights import Weights
from newsletter.pipeline.preview import next_digest, preview_digest, recent_papers, sample_digest
from newsletter.ranking.index import PaperIndex
from newsletter.sending.maildir import MaildirTransport
from tests.factories import NOW, make_subscriber
from tests.pipeline.conftest import SendingSite


def titles(digest: Digest) -> list[str]:
    return [item.paper.title for item in digest.items]


def test_the_digest_that_is_due_is_shown_and_nothing_is_stored(two_subscribers: SendingSite) -> None:
    store = two_subscribers.store
    digest = preview_digest(store, store.subscribers.get("ada@example.org"), two_subscribers.now)

    assert titles(digest)[0] == "Pears in Winter"
    assert store.editions.latest(9) == []
    assert store.deliveries.open() == []


def test_what_was_sent_is_shown_as_it_was(two_subscribers: SendingSite) -> None:
    store = two_subscribers.store
    ada = store.subscribers.get("ada@example.org")
    expected = titles(preview_digest(store, ada, two_subscribers.now))
    two_subscribers.send(MaildirTransport(two_subscribers.config.outbox))
    two_subscribers.add_paper("Pears in Summer", 3)

    assert titles(preview_digest(store, ada, two_subscribers.now)) == expected
    assert titles(preview_digest(store, ada, two_subscribers.now, edition_key="daily-2026-05-08")) == expected
    assert "Pears in Summer" in titles(preview_digest(store, ada, two_subscribers.now, days=1))


def test_what_is_disliked_is_in_no_preview(two_subscribers: SendingSite) -> None:
    two_subscribers.add_paper("Pears in Summer", 3)
    store, now = two_subscribers.store, two_subscribers.now
    ada = store.subscribers.get("ada@example.org")
    recent = recent_papers(store, now - timedelta(days=7), PaperIndex(store.papers.newest(9)), None)
    disliked, *others = preview_digest(store, ada, now, days=7).items
    assert others
    store.feedback.put(ada.id, disliked.paper.id, liked=False, now=now)
    two_subscribers.send(MaildirTransport(two_subscribers.config.outbox))

    assert titles(preview_digest(store, ada, now, days=7)) == [item.paper.title for item in others]
    example, is_example = next_digest(store, ada, now, recent)
    assert is_example
    assert titles(example) == [item.paper.title for item in others]


def test_a_preview_of_days_is_ranked_by_the_weights_of_the_site(two_subscribers: SendingSite) -> None:
    store, now = two_subscribers.store, two_subscribers.now
    ada = store.subscribers.get("ada@example.org")
    due = preview_digest(store, ada, now, weights=Weights(match=7)).items
    shown = preview_digest(store, ada, now, days=7, weights=Weights(match=7)).items

    assert [item.score for item in shown] == [item.score for item in due]


def test_an_unknown_edition_is_an_error(two_subscribers: SendingSite) -> None:
    ada = two_subscribers.store.subscribers.get("ada@example.org")
    with pytest.raises(RequestError, match="no such edition: 'daily-1999-01-01'"):
        preview_digest(two_subscribers.store, ada, two_subscribers.now, edition_key="daily-1999-01-01")


def test_a_site_without_papers_shows_the_samples() -> None:
    assert titles(sample_digest(make_subscriber(), NOW))
