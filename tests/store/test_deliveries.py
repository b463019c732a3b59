from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.errors import StatementError
from newsletter.models import Cadence, Delivery, DeliveryStatus, Digest, Edition, Item, Section
from newsletter.store import Store, open_store
from tests.factories import NOW, TODAY, make_entry, make_profile

LATER = NOW + timedelta(minutes=5)
KEY = "daily-2026-05-08"
QUEUED = Delivery(
    id=1,
    edition_key=KEY,
    subscriber_id=1,
    digest_id=1,
    message_id="<1@example.org>",
    status=DeliveryStatus.QUEUED,
    attempts=0,
    detail="",
    next_attempt_at=None,
    updated_at=NOW,
    planned_at=NOW,
)


@pytest.fixture
def ledger(store: Store) -> Store:
    """Two subscribers, and for each a queued delivery of one digest of papers 1 and 2."""
    for number in (1, 2, 3):
        store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.0000{number}"), NOW)
    edition = Edition(key=KEY, cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    store.editions.put(edition)
    papers = store.papers.get_many([1, 2])
    section = Section("Clouds", tuple(Item(paper, 1.0) for paper in papers.values()), 2)
    number = store.editions.put_digest(Digest(edition=edition, sections=(section,), considered=3))
    for name in ("ada", "ben"):
        subscriber = store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW)
        store.deliveries.queue(KEY, subscriber.id, number, f"<{subscriber.id}@example.org>", NOW)
    return store


def test_a_queued_delivery_is_read_back_as_it_was_written(ledger: Store) -> None:
    assert ledger.deliveries.find(KEY, 1) == QUEUED
    assert (ledger.deliveries.find(KEY, 99), ledger.deliveries.find("daily-2026-05-09", 1)) == (None, None)


def test_an_edition_is_delivered_to_a_subscriber_only_once(ledger: Store) -> None:
    with pytest.raises(StatementError), ledger.transaction():
        ledger.deliveries.queue(KEY, 1, 1, "<other@example.org>", NOW)


def test_a_message_id_is_unique(ledger: Store) -> None:
    ledger.editions.put(Edition(key="daily-2026-05-09", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW))
    with pytest.raises(StatementError), ledger.transaction():
        ledger.deliveries.queue("daily-2026-05-09", 1, 1, "<1@example.org>", NOW)


@pytest.mark.parametrize("status", DeliveryStatus)
def test_a_status_is_stored_with_its_detail_and_time(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, LATER, detail="250 « ok »", next_attempt_at=LATER)
    assert ledger.deliveries.find(KEY, 1) == Delivery(
        id=1,
        edition_key=KEY,
        subscriber_id=1,
        digest_id=1,
        message_id="<1@example.org>",
        status=status,
        attempts=1 if status is DeliveryStatus.SENDING else 0,
        detail="250 « ok »",
        next_attempt_at=LATER,
        updated_at=LATER,
        planned_at=NOW,
    )


def test_a_status_is_committed_at_once(ledger: Store, tmp_path: Path) -> None:
    ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)
    with open_store(tmp_path / "newsletter.db") as other:
        assert other.deliveries.find(KEY, 1) == ledger.deliveries.find(KEY, 1) != QUEUED


def test_every_move_to_sending_counts_as_an_attempt(ledger: Store) -> None:
    for _ in range(3):
        ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)
        ledger.deliveries.move(1, DeliveryStatus.DEFERRED, LATER, next_attempt_at=LATER)
    assert [(one.attempts, one.next_attempt_at) for one in ledger.deliveries.of_subscriber(1)] == [(3, LATER)]


def test_a_later_status_clears_detail_and_next_attempt(ledger: Store) -> None:
    ledger.deliveries.move(1, DeliveryStatus.DEFERRED, NOW, detail="451 later", next_attempt_at=LATER)
    ledger.deliveries.move(1, DeliveryStatus.QUEUED, NOW)
    assert ledger.deliveries.find(KEY, 1) == QUEUED


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        (DeliveryStatus.QUEUED, True),
        (DeliveryStatus.SENDING, True),
        (DeliveryStatus.DEFERRED, True),
        (DeliveryStatus.SENT, False),
        (DeliveryStatus.FAILED, False),
        (DeliveryStatus.SKIPPED, False),
    ],
)
def test_queued_sending_and_deferred_deliveries_are_open(ledger: Store, status: DeliveryStatus, is_open: bool) -> None:
    ledger.deliveries.move(1, status, NOW)
    assert [one.id for one in ledger.deliveries.open()] == ([1, 2] if is_open else [2])


@pytest.mark.parametrize("status", DeliveryStatus)
def test_papers_of_failed_and_skipped_deliveries_do_not_count_as_sent(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, NOW)
    undelivered = status in (DeliveryStatus.FAILED, DeliveryStatus.SKIPPED)
    assert ledger.deliveries.papers_planned_for(1).keys() == (set() if undelivered else {1, 2})
    assert ledger.deliveries.papers_planned_for(2).keys() == {1, 2}


def test_the_newest_delivery_of_a_subscriber_is_first(ledger: Store) -> None:
    ledger.editions.put(Edition(key="daily-2026-05-09", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW))
    ledger.deliveries.queue("daily-2026-05-09", 1, 1, "<3@example.org>", NOW)
    assert [one.id for one in ledger.deliveries.of_subscriber(1)] == [3, 1]


@pytest.mark.parametrize("status", [DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED])
def test_putting_a_delivery_back_undoes_an_attempt_but_for_its_time(ledger: Store, status: DeliveryStatus) -> None:
    ledger.deliveries.move(1, status, NOW, detail="451 later", next_attempt_at=LATER)
    (before,) = ledger.deliveries.of_subscriber(1)
    ledger.deliveries.move(1, DeliveryStatus.SENDING, LATER)

    ledger.deliveries.put_back(before)

    assert ledger.deliveries.of_subscriber(1) == [replace(before, updated_at=LATER)]
