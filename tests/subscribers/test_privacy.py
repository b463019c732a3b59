"""GDPR: export has all data about a subscriber, and erase leaves none but the suppression."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.models import Cadence, Digest, Edition, Item, Section, Subscriber
from newsletter.store import Store
from newsletter.store.bounces import Bounce
from newsletter.store.confirmations import Kind
from newsletter.subscribers.feedback import give_feedback
from newsletter.subscribers.privacy import erase, export_data
from newsletter.subscribers.subscriptions import unsubscribe
from tests.factories import NOW, TODAY, make_entry, make_profile

ADA = "ada@example.org"
EDITION = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)


@pytest.fixture
def ada(store: Store) -> Subscriber:
    """A subscriber with a row in every table that may have one."""
    store.papers.add(make_entry(), NOW)
    ada = store.subscribers.add(ADA, "Ada Example", make_profile(), "cli", NOW)
    store.editions.put(EDITION)
    (paper,) = store.papers.newest(1)
    section = Section("Clouds", (Item(paper, 1.0),), 1)
    digest = store.editions.put_digest(Digest(edition=EDITION, sections=(section,), considered=1))
    store.deliveries.queue(EDITION.key, ada.id, digest, "<1@example.org>", NOW)
    give_feedback(store, ada, "2605.01234", True, NOW)
    store.taste_models.put_taste(ada.id, store.taste_models.put_embedding(b"", NOW), "hash", b"", NOW)
    store.confirmations.add(Kind.LINK, ADA, NOW)
    store.bounces.put(
        Bounce(
            fingerprint="1", email_key=ADA, subscriber_id=ada.id, kind="soft", code="4.2.2",
            response="452 mailbox full", origin="dsn", reported_at=NOW,
        )
    )  # fmt: skip
    return ada


def test_an_export_has_all_data_about_a_subscriber(store: Store, ada: Subscriber) -> None:
    exported = json.loads(json.dumps(export_data(store, "ADA@example.org"), default=str))
    assert exported["subscriber"]["email"] == ada.email
    assert [topic["name"] for topic in exported["subscriber"]["profile"]["topics"]] == ["In-context learning"]
    assert [(one["edition"], one["status"]) for one in exported["mails"]] == [(EDITION.key, "queued")]
    assert exported["feedback"] == [{"paper": "arxiv:2605.01234", "more": True}]
    assert [one["response"] for one in exported["bounces"]] == ["452 mailbox full"]


def test_nothing_is_left_of_an_erased_subscriber_but_the_suppression(
    store: Store, ada: Subscriber, tmp_path: Path
) -> None:
    unsubscribe(store, ADA, NOW)
    erase(store, ADA, NOW)

    assert store.subscribers.suppressions() == {ADA: "unsubscribed"}
    with sqlite3.connect(tmp_path / "newsletter.db") as db:
        dump = "\n".join(line for line in db.iterdump() if "suppressions" not in line)
    assert ADA not in dump
    assert "Ada Example" not in dump.replace('["Ada Example", "Ben Sample"]', "")  # the author of the paper
    assert store.deliveries.of_subscriber(ada.id) == []
    assert store.taste_models.learned_from() == {}
    with pytest.raises(StoreError, match="no subscriber has the address"):
        export_data(store, ADA)
