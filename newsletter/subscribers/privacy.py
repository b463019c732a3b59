"""Export and erase a person's data (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from newsletter.store import Store
from newsletter.subscribers.subscriptions import FILE, UNSUBSCRIBED, find


def erase(store: Store, email: str, now: datetime) -> None:
    """Forget a person and all that is known of them (GDPR, article 17).

    That an address must not be mailed, because its owner left, complained or is gone, is remembered with it; and so it
    must not where a file would bring them back.

    Raises:
        StoreError: Nobody has this address.
    """
    known = find(store, email)
    with store.transaction():
        store.subscribers.erase(known.id, known.email)
        if known.origin.startswith(FILE):
            store.subscribers.suppress(known.email, UNSUBSCRIBED, now)


def export_data(store: Store, email: str) -> dict[str, Any]:
    """Return all that is known of a person (GDPR, article 20), as JSON holds it.

    Raises:
        StoreError: Nobody has this address.
    """
    known = find(store, email)
    likes = store.feedback.of(known.id)
    papers = store.papers.get_many(likes)
    return {
        "subscriber": asdict(known),
        "not_mailed_because": store.subscribers.why_suppressed(known.email),
        "mails": [
            {"edition": one.edition_key, "status": one.status, "at": one.updated_at, "response": one.detail}
            for one in store.deliveries.of_subscriber(known.id)
        ],
        "feedback": [
            *({"paper": papers[number].key, "more": liked} for number, liked in likes.items()),
            *({"paper": one.key, "title": one.title, "more": one.liked} for one in store.feedback.examples(known.id)),
        ],
        "bounces": [asdict(row) for row in store.bounces.of(known.email)],
    }
