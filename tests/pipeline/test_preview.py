"""Previews: what would be sent, and nothing stored."""

from __future__ import annotations

import pytest

from newsletter.errors import RequestError
from newsletter.models import Digest
from newsletter.pipeline.preview import preview_digest, sample_digest
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


def test_an_unknown_edition_is_an_error(two_subscribers: SendingSite) -> None:
    ada = two_subscribers.store.subscribers.get("ada@example.org")
    with pytest.raises(RequestError, match="no such edition: 'daily-1999-01-01'"):
        preview_digest(two_subscribers.store, ada, two_subscribers.now, edition_key="daily-1999-01-01")


def test_a_site_without_papers_shows_the_samples() -> None:
    assert titles(sample_digest(make_subscriber(), NOW))
