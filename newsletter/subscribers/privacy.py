"""Export and erase all data about a person (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from newsletter.store import Store
from newsletter.subscribers.subscriptions import FILE, UNSUBSCRIBED, find


def erase(store: Store, email: str, now: datetime) -> None:
    """Erase a subscriber and all data about them (GDPR, article 17).

    A suppression of the address stays, so that it is never mailed again. One is added for a subscriber who is managed
    by a file, which would otherwise bring them back.

    Raises:
        StoreError: There is no subscriber with this address.
    """
    subscriber = find(store, email)
    with store.transaction():
        store.subscribers.erase(subscriber.id, subscriber.email)
        if subscriber.origin.startswith(FILE):
            store.subscribers.suppress(subscriber.email, UNSUBSCRIBED, now)


def export_data(store: Store, email: str) -> dict[str, Any]:
    """Return all data about a subscriber (GDPR, articles 15 and 20), ready for JSON but for dates and enums.

    Raises:
        StoreError: There is no subscriber with this address.
    """
    subscriber = find(store, email)
    likes = store.feedback.of(subscriber.id)
    papers = store.papers.get_many(likes)
    return {
        "subscriber": asdict(subscriber),
        "not_mailed_because": store.subscribers.why_suppressed(subscriber.email),
        "mails": [
            {"edition": one.edition_key, "status": one.status, "at": one.updated_at, "response": one.detail}
            for one in store.deliveries.of_subscriber(subscriber.id)
        ],
        "feedback": [
            *({"paper": papers[number].key, "more": liked} for number, liked in likes.items()),
            *(
                {"paper": one.key, "title": one.title, "more": one.liked}
                for one in store.feedback.examples(subscriber.id)
            ),
        ],
        "bounces": [asdict(row) for row in store.bounces.of(subscriber.email)],
    }
