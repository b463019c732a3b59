"""An edition in the ledger, with as many deliveries in each status as a test asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from newsletter.models import Cadence, DeliveryStatus, Digest, Edition
from newsletter.store import Store
from tests.factories import NOW, make_profile


def fill_edition(store: Store, counts: Mapping[DeliveryStatus, int], now: datetime = NOW) -> str:
    """Add deliveries to the daily edition of a day, each to a new subscriber; return the edition's key."""
    key = f"daily-{now.date()}"
    edition = Edition(key=key, cadence=Cadence.DAILY, day=now.date(), since=now, created_at=now)
    with store.transaction():
        store.editions.put(edition)
        digest = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
        number = sum(store.deliveries.counts().values())
        for status in (one for one, count in counts.items() for _ in range(count)):
            number += 1
            subscriber = store.subscribers.add(f"s{number}@reader.example", "", make_profile(), "cli", now).id
            store.deliveries.queue(key, subscriber, digest, f"<{number}@example.org>", now)
            delivery = store.deliveries.find(key, subscriber)
            assert delivery is not None
            store.deliveries.move(delivery.id, status, now, detail="550 5.1.1 no such user")
    return key
