"""Export and erase all data about a person (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter.errors import RequestError
from newsletter.store import Store
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.subscriptions import FILE, find, subscriber_values
from newsletter.subscribers.traces import erase_from_log, erase_messages


def erase(store: Store, email: str, now: datetime, outbox: Path | None = None, event_log: Path | None = None) -> None:
    """Erase a subscriber and all data about them (GDPR, article 17), under every address that they ever had.

    The messages to them in the outbox and their addresses in the event log are erased as well.

    A suppression of the address stays, as a keyed hash, so that it is never mailed again. One is added for a
    subscriber who is managed by a file, which would otherwise bring them back.

    Raises:
        RequestError: There is no subscriber with this address, or a file of the site cannot be written.
    """
    subscriber = find(store, email)
    emails = [subscriber.email, *store.subscribers.former_addresses(subscriber.id)]
    try:  # first, while it can be tried again
        if outbox is not None:
            erase_messages(outbox, emails)
        if event_log is not None and event_log.name != "-":
            erase_from_log(event_log, emails)
    except OSError as error:
        raise RequestError(f"nothing was erased from the database: {error}", hint="check permissions") from error
    with store.transaction():
        if subscriber.origin.startswith(FILE):
            store.suppressions.suppress(subscriber.email, UNSUBSCRIBED, now)
        store.subscribers.erase(subscriber)
    store.empty_log()


def export_data(store: Store, email: str) -> dict[str, Any]:
    """Return all data about a subscriber (GDPR, articles 15 and 20), ready for JSON but for dates and enums.

    It is the same set that `erase` deletes from the store.

    Raises:
        RequestError: There is no subscriber with this address.
    """
    subscriber = find(store, email)
    former = store.subscribers.former_addresses(subscriber.id)
    emails = [subscriber.email, *former]
    likes = store.feedback.of(subscriber.id)
    papers = store.papers.get_many(likes)
    bounces = {row.fingerprint: row for one in emails for row in store.bounces.of_subscriber(subscriber.id, one)}
    requests = {row.id: row for one in emails for row in store.confirmations.of(subscriber.id, one)}
    return {
        "subscriber": subscriber_values(subscriber),
        "former_addresses": former,
        "tags": store.tags.of(subscriber.id),
        "not_mailed_because": store.suppressions.why_suppressed(subscriber.email),
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
        "saved": [{"paper": paper.key, "at": at} for paper, at in store.saved.of(subscriber.id)],
        "libraries": [
            {"library": library, "item": like.item, "paper": like.key}
            for library, like in store.libraries.of(subscriber.id)
        ],
        "bounces": [asdict(row) for row in bounces.values()],
        "requests": [asdict(row) for row in requests.values()],
    }
