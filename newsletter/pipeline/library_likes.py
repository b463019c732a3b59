"""Libraries → feedback: subscribers like what is in the Zotero library that is named as theirs."""

from __future__ import annotations

from datetime import datetime

from newsletter.errors import SourceError
from newsletter.models import Status
from newsletter.sources import HttpClient
from newsletter.sources.zotero import Zotero
from newsletter.store import Store
from newsletter.subscribers.library_likes import forget_library, update_likes

#: Instead of addresses: every subscriber.
ALL = "all"


def sync_likes(store: Store, source: Zotero, now: datetime, client: HttpClient) -> None:
    """Let the likes of the subscribers of `likes_of` follow the libraries of a source.

    A subscriber who is new there gets all of a library, the others what changed since the last time. Who is not there
    any more loses the likes that it gave them.

    Raises:
        SourceError: A library cannot be read, or an address is no subscriber's.
        StoreError: The store cannot be written.
    """
    wanted = _subscribers(store, source.likes_of)
    for followed in source.follow:
        library = f"{source.name} {followed}"
        versions = store.libraries.versions(library)
        for former in versions.keys() - wanted:
            forget_library(store, former, library)
        for version in sorted({versions.get(one, 0) for one in wanted}):
            changes = source.changes(followed, version, client)
            for subscriber in sorted(one for one in wanted if versions.get(one, 0) == version):
                update_likes(store, subscriber, library, changes.present, changes.gone, changes.version, now)


def _subscribers(store: Store, likes_of: tuple[str, ...]) -> set[int]:
    """Return the ids of those whose likes a library is."""
    found = set()
    for email in likes_of:
        if email == ALL:
            found |= {one.id for one in store.subscribers.all() if one.status is not Status.UNSUBSCRIBED}
        elif subscriber := store.subscribers.find(email):
            found.add(subscriber.id)
        else:
            hint = "correct the address, or add them: newsletter subscribers add"
            raise SourceError(f"zotero: likes_of: {email} is not a subscriber", hint=hint)
    return found
