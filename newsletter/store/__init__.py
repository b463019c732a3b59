"""Store papers, subscribers and the ledger in one SQLite file.

There is one module per noun; rows become models here and nowhere else.

with open_store(site.store) as store:
    with store.transaction():
        store.papers.add(entry, now)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType

from newsletter.store.bounces import Bounces
from newsletter.store.confirmations import Confirmations
from newsletter.store.database import Database
from newsletter.store.deliveries import Deliveries
from newsletter.store.editions import Editions
from newsletter.store.feedback import Feedback
from newsletter.store.jobs import Jobs
from newsletter.store.leases import Leases
from newsletter.store.libraries import Libraries
from newsletter.store.opening import open_database
from newsletter.store.papers import Papers
from newsletter.store.pulls import Pulls
from newsletter.store.search import Archive
from newsletter.store.signing_keys import SigningKeys
from newsletter.store.subscribers import Subscribers
from newsletter.store.summaries import Summaries
from newsletter.store.tags import Tags
from newsletter.store.taste import TasteModels
from newsletter.store.topic_models import TopicModels
from newsletter.store.topics import Topics
from newsletter.store.webhook_events import WebhookEvents

__all__ = ["Store", "open_store"]


class _RollBack(Exception):
    """Ends the transaction of a dry run."""


class Store:
    """The tables of one database. A store belongs to the thread that opened it; close it, or use it in a `with`."""

    def __init__(self, db: Database, outside_keys: Callable[[], Sequence[bytes]] = tuple) -> None:
        self._db = db
        self._outside_keys = outside_keys
        self.papers = Papers(db)
        self.pulls = Pulls(db)
        self.topics = Topics(db)
        self.subscribers = Subscribers(db, self.topics, self.suppression_key)
        self.tags = Tags(db)
        self.editions = Editions(db, self.papers)
        self.deliveries = Deliveries(db)
        self.feedback = Feedback(db)
        self.libraries = Libraries(db)
        self.taste_models = TasteModels(db)
        self.topic_models = TopicModels(db)
        self.summaries = Summaries(db)
        self.bounces = Bounces(db)
        self.webhook_events = WebhookEvents(db)
        self.confirmations = Confirmations(db)
        self.archive = Archive(db)
        self.jobs = Jobs(db)
        self.leases = Leases(db)

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what the `with` block does, or none of it if the block raises."""
        return self._db.transaction()

    @contextmanager
    def dry_run(self) -> Iterator[None]:
        """Run the `with` block in a transaction that is rolled back: other processes wait for it and never see it."""
        try:
            with self.transaction():
                yield
                raise _RollBack  # noqa: TRY301 - the way out of the transaction that does not commit it
        except _RollBack:
            pass

    @property
    def keys(self) -> SigningKeys:
        """The keys that sign links."""
        return SigningKeys(self._db, self._outside_keys())

    def secret(self) -> bytes:
        """Return the key that signs this site's links; the first call makes it, unless it is kept outside the store.

        Raises:
            RequestError: It is kept outside, and was not given.
        """
        return self._keys_with_one().current()

    def accepted_keys(self, now: datetime) -> tuple[bytes, ...]:
        """Return the keys by which the tokens of links are checked.

        Raises:
            RequestError: As for `secret`.
        """
        return self._keys_with_one().accepted(now)

    def _keys_with_one(self) -> SigningKeys:
        keys = self.keys
        if not keys.outside and keys.own() is None:
            with self.transaction():
                keys.make_first()
        return keys

    def suppression_key(self) -> bytes:
        """Return the 32-byte key of the hashes of suppressed addresses; the first call makes it.

        It is none of the keys that sign links: these are replaced now and then, and the hashes have to stay valid.
        """
        sql = "SELECT value FROM suppression_keys WHERE name = 'addresses'"
        known = self._db.execute(sql).fetchone()
        if known is None:
            with self.transaction():  # another process may be making one, too: the first one wins
                made = {"name": "addresses", "value": secrets.token_bytes(32)}
                self._db.insert("suppression_keys", made, ignore=True)
            known = self._db.execute(sql).fetchone()
        return bytes(known[0])

    def problems(self) -> list[str]:
        """Examine the whole file; return what is damaged, a line each."""
        return self._db.problems()

    def empty_log(self) -> None:
        """Write the log of changes into the database and empty it, since it still has what was deleted.

        Where another process is reading all the time, the log is emptied when the last one closes the database.
        """
        self._db.empty_log()

    def close(self) -> None:
        """Close the database file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(path: Path, outside_keys: Callable[[], Sequence[bytes]] = tuple) -> Store:
    """Open the store in the file `path`; create the file if it does not exist.

    `outside_keys` returns the keys that sign links, the newest first, if the site keeps them outside the store.

    Raises:
        StoreError: The file is damaged, not a newsletter database, has a newer schema, or cannot be written.
    """
    return Store(open_database(path), outside_keys)
