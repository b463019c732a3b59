"""Store papers, subscribers and the ledger in one SQLite file.

There is one module per noun; rows become models here and nowhere else.

with open_store(site.store) as store:
    with store.transaction():
        store.papers.add(entry, now)
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from newsletter.errors import RequestError, StoreError
from newsletter.errors.installation import install_command
from newsletter.models.database_url import DatabaseUrl
from newsletter.store.bounces import Bounces
from newsletter.store.changes import changes_since
from newsletter.store.confirmations import Confirmations
from newsletter.store.database import Database, moment_of
from newsletter.store.deliveries import Deliveries
from newsletter.store.departures import Departures
from newsletter.store.edition_numbers import EditionNumbers
from newsletter.store.editions import Editions
from newsletter.store.ended_sessions import EndedSessions
from newsletter.store.facts import fact, set_fact
from newsletter.store.feedback import Feedback
from newsletter.store.incidents import Incidents
from newsletter.store.jobs import Jobs
from newsletter.store.leases import Leases
from newsletter.store.libraries import Libraries
from newsletter.store.looks import Looks
from newsletter.store.message_ids import MessageIds
from newsletter.store.next_due import NextDue
from newsletter.store.opening import open_database
from newsletter.store.paper_topics import PaperTopics
from newsletter.store.papers import Papers
from newsletter.store.permits import PermitBlocks
from newsletter.store.planning import Planning
from newsletter.store.pruning import Pruning
from newsletter.store.pulls import Pulls
from newsletter.store.recovery_log import Record, RecoveryLog, folder_of
from newsletter.store.replay import Replay
from newsletter.store.request_limits import RequestLimits
from newsletter.store.runs import Runs
from newsletter.store.saved import Saved
from newsletter.store.search import Archive
from newsletter.store.shard_jobs import ShardJobs
from newsletter.store.shards import Shards
from newsletter.store.signing_keys import SigningKeys
from newsletter.store.sqlite import SQLiteDatabase
from newsletter.store.subscriber_search import SubscriberSearch
from newsletter.store.subscribers import Subscribers
from newsletter.store.summaries import Summaries
from newsletter.store.suppressions import Suppressions
from newsletter.store.tags import Tags
from newsletter.store.taste import TasteModels
from newsletter.store.times import from_ms
from newsletter.store.topic_models import TopicModels
from newsletter.store.topics import Topics
from newsletter.store.upvotes import Upvotes
from newsletter.store.webhook_events import WebhookEvents
from newsletter.store.workers import Workers

if TYPE_CHECKING:
    from newsletter.store.copying import Copied

__all__ = ["COUNTED", "Store", "open_copy", "open_read_only", "open_store"]

#: The tables whose rows are counted to verify a backup.
COUNTED = (
    "papers",
    "subscribers",
    "suppressions",
    "suppression_hashes",
    "editions",
    "digests",
    "deliveries",
    "feedback",
)


class _RollBack(Exception):
    """Ends the transaction of a dry run."""


class Store:
    """The tables of one database. A store belongs to the thread that opened it; close it, or use it in a `with`."""

    def __init__(
        self, db: Database, outside_keys: Callable[[], Sequence[bytes]] = tuple, *, is_copy: bool = False
    ) -> None:
        self._db = db
        #: What a backup of this store does not know; a copy writes none.
        self.recovery_log = RecoveryLog(folder_of(Path(db.path)), self.identity)
        db.recovery_log = None if is_copy else self.recovery_log
        self._outside_keys = outside_keys
        self.upvotes = Upvotes(db)
        self.papers = Papers(db, self.upvotes)
        self.paper_topics = PaperTopics(db)
        self.pulls = Pulls(db)
        self.topics = Topics(db)
        self.suppressions = Suppressions(db, self.suppression_key)
        self.subscribers = Subscribers(db, self.topics, self.suppressions)
        self.subscriber_search = SubscriberSearch(db, self.subscribers)
        self.tags = Tags(db)
        self.editions = Editions(db, self.papers)
        self.edition_numbers = EditionNumbers(db)
        message_ids = MessageIds(db)
        self.deliveries = Deliveries(db, message_ids)
        self.departures = Departures(db)
        self.shards = Shards(db)
        self.shard_jobs = ShardJobs(db)
        self.workers = Workers(db)
        self.permits = PermitBlocks(db)
        self.request_limits = RequestLimits(db)
        self.ended_sessions = EndedSessions(db)
        self.looks = Looks(db)
        self.next_due = NextDue(db)
        self.planning = Planning(db, self.deliveries)
        self.feedback = Feedback(db)
        self.saved = Saved(db)
        self.libraries = Libraries(db)
        self.taste_models = TasteModels(db)
        self.topic_models = TopicModels(db)
        self.summaries = Summaries(db)
        self.bounces = Bounces(db, message_ids)
        self.webhook_events = WebhookEvents(db)
        self.confirmations = Confirmations(db)
        self.archive = Archive(db)
        self.pruning = Pruning(db)
        self.replay = Replay(db, self.subscribers, self.suppressions)
        self.jobs = Jobs(db)
        self.leases = Leases(db)
        self.runs = Runs(db)
        self.incidents = Incidents(db)

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what the `with` block does, or none of it if the block raises."""
        return self._db.transaction()

    def try_lock(self, name: str, *, is_shared: bool = False) -> bool:
        """Take a lock of the server until this store is closed; see `Database.try_lock`."""
        return self._db.try_lock(name, is_shared=is_shared)

    @contextmanager
    def lock(self, name: str) -> Iterator[bool]:
        """Hold a lock of the server in the `with` block, if nobody else has it; yield whether that is so."""
        has_it = self._db.try_lock(name)
        try:
            yield has_it
        finally:
            if has_it:
                with suppress(StoreError):  # it ended with the connection
                    self._db.unlock(name)

    def end_idle_transactions(self, after: timedelta) -> None:
        """Let the server end a transaction of this connection in which nothing happens: its process is suspended.

        Others would wait for it. Only for a database on a server.
        """
        self._db.run(f"SET idle_in_transaction_session_timeout = {round(after.total_seconds() * 1000)}")

    def name_connection(self, name: str) -> None:
        """Name this connection, so that `end_connections` finds it. Only for a database on a server."""
        self._db.execute("SELECT set_config('application_name', CAST(? AS text), false)", [name])

    def end_connections(self, name: str) -> None:
        """Let the server end all connections of a name, and with them what they lock: their process is suspended.

        Only for a database on a server.
        """
        sql = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = CAST(? AS text)"""
        self._db.execute(sql, [name]).fetchone()

    def clock_ahead(self) -> timedelta:
        """Return how far the clock of the database's machine is ahead of this one's."""
        return self._db.clock_ahead()

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

    def identity(self) -> str:
        """Return what tells this site's store, and each backup of it, from those of others."""
        return hashlib.sha256(b"identity|" + self.suppression_key()).hexdigest()[:16]

    def changes_since(self, moment: datetime, ids: Collection[int]) -> Iterator[Record]:
        """Yield what the recovery log of this store would say since a moment; see `store.changes`."""
        return changes_since(self._db, self.subscribers, self.suppressions, self.papers, moment, ids)

    def latest_moment(self) -> datetime:
        """Return the latest moment that the store knows: it was not copied before."""
        sql = """
            SELECT max(at) FROM (
                SELECT max(finished_at) AS at FROM pulls UNION ALL
                SELECT max(status_at) FROM subscribers UNION ALL SELECT max(suppressed_at) FROM suppressions UNION ALL
                SELECT max(made_at) FROM signing_keys UNION ALL SELECT max(seen_at) FROM papers) AS moments"""
        (changed,) = self._db.execute("SELECT max(updated_at) FROM deliveries").fetchone()
        found = self._db.execute(sql).one(moment_of), changed and from_ms(changed)
        return max((one for one in found if one), default=datetime.min.replace(tzinfo=UTC))

    def fact(self, name: str) -> str | None:
        """Return a fact about the store itself, or None."""
        return fact(self._db, name)

    def set_fact(self, name: str, value: str) -> None:
        """Store a fact about the store itself."""
        set_fact(self._db, name, value)

    def record(self, **record: str) -> None:
        """Append an event of the site to the recovery log, as that a backup is made."""
        with self.transaction():
            self._db.note(dict(record))

    def copy_to(self, path: Path, counted: Sequence[str] = COUNTED) -> dict[str, int]:
        """Copy the database into a new file, while others use it; return the rows by table, of the moment of the copy.

        Raises:
            StoreError: The copy cannot be written.
        """
        return self._db.copy_to(path, counted)

    def copy_into(self, target: Store, report: Callable[[Copied], object]) -> list[Copied]:
        """Copy everything into another, empty store, and verify it; see `store.copying`.

        Raises:
            RequestError: The other store is not empty.
            StoreError: A database cannot be read or written.
        """
        from newsletter.store.copying import copy_store  # noqa: PLC0415 - of one command alone

        return copy_store(self._db, target._db, report)

    def row_counts(self) -> dict[str, int]:
        """Count the rows of the tables that a backup is verified by."""
        return self._db.counts(COUNTED)

    def size_b(self) -> int:
        """Return the size of the database, in bytes."""
        return self._db.size_b()

    def vacuum(self) -> None:
        """Give back to the disk what deleted rows occupied; others can read meanwhile, and wait to write."""
        self._db.vacuum()

    def adopt_identity(self, other: Store) -> None:
        """Take the key of suppressed addresses from the present store, if this copy is from before there was one."""
        sql = "SELECT value FROM suppression_keys WHERE name = 'addresses'"
        if self._db.execute(sql).fetchone() is None:
            self._db.insert("suppression_keys", {"name": "addresses", "value": other.suppression_key()})

    def problems(self) -> list[str]:
        """Examine the whole file; return what is damaged, a line each."""
        return self._db.problems()

    def schema_version(self) -> int:
        """Return a number that changes with the schema, and when all content is replaced."""
        return self._db.schema_version()

    def versions(self) -> tuple[str, str]:
        """Return name and version of the database's program, and the name of the last step of the schema."""
        sql = "SELECT max(name) FROM _sqlite_migrations WHERE migration_set = 'newsletter'"
        (schema,) = self._db.execute(sql).fetchone()
        return self._db.library_version(), str(schema)

    def empty_log(self) -> None:
        """Write the log of changes into the database and empty it, since it still has what was deleted.

        Where another process is reading all the time, the log is emptied when the last one closes the database.
        """
        self._db.empty_log()

    def close(self) -> None:
        """Close the database file."""
        self._db.close()

    def reopen(self) -> None:
        """Open the database file again after `close`: no connection may be carried into a forked process.

        Raises:
            StoreError: It cannot be opened.
        """
        self._db.connect()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(
    where: Path | DatabaseUrl, outside_keys: Callable[[], Sequence[bytes]] = tuple, *, is_copy: bool = False
) -> Store:
    """Open the store in a file or on a server; create the file, or the tables, if they do not exist.

    `outside_keys` returns the keys that sign links, the newest first, if the site keeps them outside the store. What is
    written into a copy (`is_copy`) is no event of the site: the recovery log does not get it.

    Raises:
        StoreError: The file is damaged, not a newsletter database, has a newer schema, or cannot be written.
    """
    if isinstance(where, DatabaseUrl):
        return Store(_open_on_server(where), outside_keys, is_copy=True)
    return Store(open_database(where, is_copy=is_copy), outside_keys, is_copy=is_copy)


def _open_on_server(url: DatabaseUrl) -> Database:
    """Connect to a server.

    Raises:
        RequestError: The packages for it are not installed.
        StoreError: As for `open_store`.
    """
    try:
        from newsletter.store.postgresql_opening import open_on_server  # noqa: PLC0415 - psycopg is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "psycopg":
            raise
        hint = install_command("postgresql")
        raise RequestError("a store on PostgreSQL needs the package psycopg", hint=hint) from error
    return open_on_server(url)


def open_read_only(where: Path | DatabaseUrl) -> Store:
    """Open the store as `open_store` does, only to read it; one thread after another may use it.

    Raises:
        StoreError: As for `open_store`.
    """
    db = _open_on_server(where) if isinstance(where, DatabaseUrl) else open_database(where, is_lent=True)
    db.only_read()
    return Store(db, is_copy=True)


@contextmanager
def open_copy(path: Path) -> Iterator[Store]:
    """Open a copy of a store as it is, of any release, to examine it; nothing is migrated or recorded.

    Raises:
        StoreError: It is not a database.
    """
    db = SQLiteDatabase(path)
    try:
        yield Store(db, is_copy=True)
    finally:
        db.close()
