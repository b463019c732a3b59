from __future__ import annotations

import pytest

from newsletter.errors import StoreError
from newsletter.models import Cadence, DeliveryStatus, Digest, Edition
from newsletter.store import Store, mass_changes
from newsletter.store.database import Database
from tests.factories import NOW, TODAY, make_profile
from tests.stores import open_again

KEY = "daily-2026-05-08"


@pytest.fixture
def ledger(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Seven queued deliveries, of which two are changed at a time."""
    monkeypatch.setattr(mass_changes, "_BATCH", 2)
    edition = Edition(key=KEY, cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    store.editions.put(edition)
    digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
    for number in range(7):
        subscriber = store.subscribers.add(f"s{number}@example.org", "", make_profile(), "cli", NOW)
        store.deliveries.queue(KEY, subscriber.id, digest, f"<{number}@example.org>", NOW)
    return store


class Between:
    """Acts before each transaction of a store begins."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.moved = 0
        self.ends_at: int | None = None
        self._plain = type(store._db).transaction
        self._store = store

        def transaction(db: Database) -> object:
            return self._begin(db)

        monkeypatch.setattr(type(store._db), "transaction", transaction)

    def _begin(self, db: Database) -> object:
        if db is self._store._db and not db.is_in_transaction:
            self.begun += 1
            if self.begun == self.ends_at:
                raise StoreError("killed")
            if self.begun == 2:
                with open_again(self._store) as other:
                    other.deliveries.move(3, DeliveryStatus.SENDING, NOW)
                    self.moved += 1
        return self._plain(db)


def test_others_write_between_two_batches_and_what_they_changed_is_asked_again(
    ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third delivery departs after it was found, and before it would be skipped."""
    between = Between(ledger, monkeypatch)
    assert ledger.deliveries.skip_open(NOW, "cancelled", edition_key=KEY) == 6
    assert (between.moved, between.begun) == (1, 4)
    assert ledger.deliveries.counts() == {"skipped": 6, "sending": 1}


def test_what_a_crash_left_is_changed_when_it_is_asked_for_again(
    ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        Between(ledger, patched).ends_at = 2
        with pytest.raises(StoreError):
            ledger.deliveries.hold_open(NOW, "in doubt")
    assert ledger.deliveries.counts() == {"held": 2, "queued": 5}
    assert ledger.deliveries.hold_open(NOW, "in doubt") == 5
    assert ledger.deliveries.queue_again([DeliveryStatus.HELD], KEY, NOW, since=NOW) == 7
